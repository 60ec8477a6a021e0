/**
 * Joining a circle, on the new device: answer the old one, wait for its reply, restore the archive. Restoring is all there
 * is to it; nothing is written here before the archive has been read whole.
 */
import { type Bytes, decode, encode, err, ok, type Result } from "@photon/protocol/codec";
import { answerRendezvous, openReply, parseDeviceCode, type ParsedDeviceCode } from "@photon/protocol/meeting";
import { locationSchema, placesOf } from "../archive/location-record.ts";
import { adoptRestored, problemsOf } from "../archive/adopt.ts";
import { restoreArchive, type Restored } from "../archive/restore.ts";
import type { Ports } from "../api.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { profileFormat, type ProfileRecord, profileSchema, workOf } from "../profile/profile.ts";
import { makeLeaf } from "../relationship/leaves.ts";
import { relationshipIds } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { liveSiblings } from "./devices.ts";
import { stockSpares } from "./reconcile.ts";
import { dropDays, introductionSchema, welcomeSchema } from "./rendezvous.ts";
import { mergeState } from "./merge.ts";

export interface Answered {
  readonly work: Work;
  readonly code: ParsedDeviceCode;
  readonly key: Bytes;
  readonly record: ProfileRecord;
}

export interface Arrived {
  readonly record: ProfileRecord;
  /** Parts of the archive that could not be read. */
  readonly problems: readonly PhotonError[];
}

export async function answerOffer(ports: Ports, text: string, device: string): Promise<Result<Answered, PhotonError>> {
  const code = parseDeviceCode(text);
  if (!code.ok) return err(photonError("bad-code", code.error.detail));
  const { relay, drops, psk } = code.value;
  const offer = await ports.transport.call(relay, "get", { dropId: drops[0] });
  if (!offer.ok) {
    const gone = offer.error.code === "refused" && (offer.error.refusal === "not-found" || offer.error.refusal === "expired");
    return err(gone ? photonError("code-expired", relay) : relayProblem(relay, offer.error));
  }
  const record = {
    format: profileFormat,
    device: ports.random.bytes(8),
    name: device,
    relay,
    vault: "",
    created: ports.clock.now(),
  };
  const work = workOf(ports, record);
  const leaf = await makeLeaf(work);
  const { recipient } = await ports.keys.open();
  const introduction = encode(introductionSchema, { device: work.self.device, name: device, leaf, recipient });
  const answer = answerRendezvous(psk, offer.value.value.body, ports.random.bytes(64), introduction);
  if (!answer.ok) return err(photonError("bad-code", answer.error.detail));
  const put = await ports.transport.call(relay, "put", { dropId: drops[1], body: answer.value.message, days: dropDays });
  if (!put.ok) {
    const taken = put.error.code === "refused" && put.error.refusal === "exists";
    return err(taken ? photonError("code-expired", "another device has answered it") : relayProblem(relay, put.error));
  }
  return ok({ work, code: code.value, key: answer.value.key, record });
}

/** @returns undefined while the old device has not replied; else the profile, committed. */
export async function restoreFromReply(
  answered: Answered,
  onProgress: (part: number) => void,
): Promise<Result<Arrived | undefined, PhotonError>> {
  const { work, code, key } = answered;
  const reply = await work.ports.transport.call(code.relay, "get", { dropId: code.drops[2] });
  if (!reply.ok)
    return reply.error.code === "refused" && reply.error.refusal === "not-found"
      ? ok(undefined)
      : err(relayProblem(code.relay, reply.error));
  const opened = openReply(key, reply.value.value.body);
  // The other device has taken the offer back: it puts something there that opens for nobody.
  if (!opened.ok) return err(photonError("code-expired", "the other device stopped waiting"));
  const welcome = decode(welcomeSchema, opened.value, 64 * 1024);
  if (!welcome.ok) return err(photonError("bad-code", welcome.error.detail));
  const location = decode(locationSchema, welcome.value.location.value ?? new Uint8Array(0), 48 * 1024);
  if (!location.ok) return err(photonError("bad-code", location.error.detail));
  const places = placesOf(location.value);
  const restored: Restored[] = [];
  const failed: PhotonError[] = [];
  for (const [at, place] of places.entries()) {
    const told = (part: number): void => onProgress((at + part) / places.length);
    const one = await restoreArchive(work.ports, place, { pins: welcome.value.pins, onProgress: told });
    if (one.ok) restored.push(one.value);
    else failed.push(one.error);
  }
  const [first] = failed;
  if (restored.length === 0 && first !== undefined) return err(first);
  for (const { changes } of restored) await mergeState(work, changes, "archive");
  await mergeState(work, [welcome.value.location], "archive");
  for (const one of restored) adoptRestored(work, one);
  const record = { ...answered.record, name: welcome.value.name, relay: welcome.value.relay, vault: places[0]?.vault ?? "" };
  work.write("meta", "profile", profileSchema, record);
  await work.commit();
  return ok({ record, problems: problemsOf(restored, failed) });
}

/** Gives the siblings what they need to put this device into the relationships there are, and into new ones. */
export async function offerPlaces(work: Work): Promise<void> {
  const count = (await relationshipIds(work)).length + 8;
  for (const { device } of await liveSiblings(work)) await stockSpares(work, { device, count });
}
