/** Who can open the archive: the circle's live devices, and the passphrase. */
import { circleDevices } from "../circle/devices.ts";
import type { Work } from "../storage/core.ts";
import type { Known } from "./known.ts";
import type { Location } from "./location.ts";

export interface Opener {
  readonly kind: "device" | "passphrase";
  readonly name: string;
  /** An age hybrid recipient. */
  readonly recipient: string;
}

export const passphraseName = "passphrase";

/** A device that is disputed keeps opening its own archive; nobody else's keys are wrapped to it. */
export async function openersOf(work: Work, location: Location): Promise<readonly Opener[]> {
  const devices = (await circleDevices(work)).filter(
    ({ device, status }) => status === "live" || (status === "frozen" && device === work.self.device),
  );
  const openers: Opener[] = devices.map(({ name, recipient }) => ({ kind: "device", name, recipient }));
  const { passphrase } = location;
  if (passphrase !== undefined) openers.push({ kind: "passphrase", name: passphraseName, recipient: passphrase.recipient });
  return openers;
}

/**
 * Whether the wrapping at the vault is for exactly these openers. Names suffice: no two live devices have one name, and
 * whoever is removed or replaced turns the epoch, which asks for a new wrapping by itself.
 */
export function isWrappedFor(known: Known, openers: readonly Opener[]): boolean {
  const named = (list: readonly { readonly kind: string; readonly name: string }[]): string =>
    JSON.stringify(list.map(({ kind, name }) => `${kind} ${name}`).toSorted());
  return named(known.openers) === named(openers);
}
