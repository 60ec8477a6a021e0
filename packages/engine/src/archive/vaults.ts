/** Choosing vaults: up to three, each with the whole archive. */
import { err, ok, type Result } from "@photon/protocol/codec";
import { parseOrigin } from "@photon/protocol/meeting";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { forgetKnown } from "./known.ts";
import { type Location, maxPlaces, placesOf } from "./location-record.ts";
import { keepLocation, loadLocation, withoutPlace, withPlace } from "./location.ts";
import { failureOf } from "./vault.ts";

/** @returns the vault's origin, if something at that address answers as a vault does. */
export async function vaultAnswering(
  ports: Pick<Work["ports"], "blobs" | "random">,
  url: string,
): Promise<Result<string, PhotonError>> {
  const origin = parseOrigin(url);
  if (origin === undefined) return err(photonError("wrong-server", `${url} is not an address such as https://vault.example`));
  // A question for a register that cannot be there.
  const answer = await ports.blobs.call(origin, "headGet", { register: ports.random.bytes(16) });
  if (!answer.ok && !(answer.error.code === "refused" && answer.error.refusal === "not-found"))
    return err(failureOf(origin, answer.error).problem);
  return ok(origin);
}

/** In the caller's unit; the next flush brings everything there. */
export async function addVault(work: Work, url: string): Promise<Result<void, PhotonError>> {
  const location = await archiveOf(work);
  const origin = await vaultAnswering(work.ports, url);
  if (!origin.ok) return origin;
  const vaults = placesOf(location).map(({ vault }) => vault);
  if (vaults.includes(origin.value)) return err(photonError("vault-known", origin.value));
  if (vaults.length >= maxPlaces) return err(photonError("too-many-vaults"));
  await keepLocation(work, withPlace(work, location, origin.value));
  return ok(undefined);
}

/** What is there stays there: no vault is asked to forget. In the caller's unit. */
export async function removeVault(work: Work, url: string): Promise<Result<void, PhotonError>> {
  const location = await archiveOf(work);
  const origin = parseOrigin(url);
  const place = placesOf(location).find(({ vault }) => vault === origin);
  if (place === undefined) return err(photonError("unknown-vault", url));
  if (placesOf(location).length === 1) return err(photonError("last-vault", place.vault));
  await keepLocation(work, withoutPlace(work, location, place.vault));
  await forgetKnown(work, place.register);
  return ok(undefined);
}

async function archiveOf(work: Work): Promise<Location> {
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("a profile without an archive");
  return location;
}
