/**
 * Admitting a new device, on an old one.
 *
 * offered ──answer in drop 1──▶ admitted (circle, archive opener) ──reply in drop 2──▶ placing ──its spares are here──▶ joined
 */
import { decode, encode, err, ok, type Result } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { makeDeviceCode, readAnswer, sealReply, startRendezvous } from "@photon/protocol/meeting";
import { maxLeaves } from "@photon/protocol/statement";
import { archivePins } from "../archive/status.ts";
import { flushArchive } from "../archive/upload.ts";
import { drain } from "../conversation/drain.ts";
import { found } from "../conversation/founding.ts";
import { followBundle } from "../conversation/receive.ts";
import { cursorOf } from "../delivery/inboxes.ts";
import { flush } from "../delivery/flush.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { keys, leafOfSchema, setRecord } from "../relationship/records.ts";
import { loadCircle } from "../relationship/relationship.ts";
import { announceToOwn, say } from "../relationship/speaking.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import type { Work } from "../storage/core.ts";
import { circleDevices, freeName, keepDevice } from "./devices.ts";
import { reconcile } from "./reconcile.ts";
import { dropDays, type Introduction, introductionSchema, welcomeSchema } from "./rendezvous.ts";
import { getChange } from "./state.ts";
import { tellCircle } from "./telling.ts";

export interface Offer {
  readonly code: string;
  readonly relay: string;
  readonly drops: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** Leaves our half of the exchange at the relay. The secret lives in memory only: a new run shows a new code. */
export async function offerAdmission(work: Work, relay: string): Promise<Result<Offer, PhotonError>> {
  if (liveLeaves((await loadCircle(work)).mine.state).length >= maxLeaves) return err(photonError("too-many-devices"));
  const { code, drops, psk } = makeDeviceCode({ entropy: work.random(16), relay });
  const { message, secret } = startRendezvous(psk, work.random(32));
  const put = await work.ports.transport.call(relay, "put", { dropId: drops[0], body: message, days: dropDays });
  return put.ok ? ok({ code, relay, drops, secret }) : err(relayProblem(relay, put.error));
}

/** Looks for the new device's answer, and lets it in. @returns undefined while there is none. */
export async function admitAnswerer(work: Work, offer: Offer): Promise<Result<Introduction | undefined, PhotonError>> {
  const answer = await work.ports.transport.call(offer.relay, "get", { dropId: offer.drops[1] });
  if (!answer.ok)
    return answer.error.code === "refused" && answer.error.refusal === "not-found"
      ? ok(undefined)
      : err(relayProblem(offer.relay, answer.error));
  const read = readAnswer(offer.secret, answer.value.value.body);
  const introduction = read.ok ? decode(introductionSchema, read.value.payload, 64 * 1024) : read;
  if (!read.ok || !introduction.ok) return err(photonError("bad-code", "what answered does not hold the code"));
  // Another device may have changed the circle, or the archive's keys, since we last looked.
  await drain(work);
  const device = await admitToCircle(work, introduction.value);
  const archived = await flushArchive(work);
  if (!archived.archived) return err(archived.problems[0] ?? photonError("vault-unreachable"));
  const location = await getChange(work, "arch/location");
  if (location === undefined) throw new Error("a profile without an archive");
  const pins = (await archivePins(work)).map(({ register, sequence, headHash }) => ({ register, sequence, headHash }));
  const reply = sealReply(
    read.value.key,
    encode(welcomeSchema, { relay: offer.relay, location, name: device.name, pins }),
    work.random(24),
  );
  if (!reply.ok) throw new Error(`the reply does not fit: ${reply.error.detail}`);
  const put = await work.ports.transport.call(offer.relay, "put", { dropId: offer.drops[2], body: reply.value, days: dropDays });
  return put.ok || (put.error.code === "refused" && put.error.refusal === "exists")
    ? ok(device)
    : err(relayProblem(offer.relay, put.error));
}

async function admitToCircle(work: Work, introduction: Introduction): Promise<Introduction> {
  const devices = await circleDevices(work);
  const known = devices.find(({ device }) => device === introduction.device);
  if (known !== undefined) return { ...introduction, name: known.name };
  const name = freeName(introduction.name, new Set(devices.map((device) => device.name)));
  const circle = await loadCircle(work);
  const admit = await say(work, circle, "admit", { leaves: [introduction.leaf], proof: "device" });
  await keepDevice(work, introduction.device, {
    name,
    leaf: introduction.leaf.id,
    recipient: introduction.recipient,
    added: work.now(),
  });
  const from = [];
  for (const { sendId } of circle.inboxes.values()) from.push({ sendId, after: await cursorOf(work, circle.id, sendId) });
  await setRecord(work, keys.leafOf(circle.id, introduction.leaf.id), leafOfSchema, {
    device: introduction.device,
    from: from.slice(-16),
  });
  await announceToOwn(work, circle, [admit]);
  await found(work, circle);
  await work.commit();
  return { ...introduction, name };
}

/** Puts the new device into every relationship, as far as its spares are here. @returns whether it is in all. */
export async function place(work: Work): Promise<boolean> {
  const { unadmitted } = await reconcile(work);
  await tellCircle(work);
  await flushArchive(work);
  await flush(work, { onMoved: followBundle });
  return unadmitted === 0;
}
