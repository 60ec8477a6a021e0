/**
 * Admitting a new device, on an old one.
 *
 * offered ──answer in drop 1──▶ admitted (circle, archive opener) ──reply in drop 2──▶ placing ──its spares are here──▶ joined
 */
import { type Bytes, decode, encode, err, ok, type Result } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { makeDeviceCode, readAnswer, sealReply, startRendezvous } from "@photon/protocol/meeting";
import { maxLeaves } from "@photon/protocol/statement";
import type { DeviceAdmission, Outcome, Ports } from "../api.ts";
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
import { syncOnce } from "../profile/sync.ts";
import type { Work } from "../storage/core.ts";
import { soonOver } from "../storage/patience.ts";
import { circleDevices, freeName, keepDevice } from "./devices.ts";
import { reconcile } from "./reconcile.ts";
import { dropDays, type Introduction, introductionSchema, welcomeSchema } from "./rendezvous.ts";
import { getChange } from "./state.ts";
import { tellCircle } from "./telling.ts";

interface Offer {
  readonly code: string;
  readonly relay: string;
  readonly drops: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** Bytes of what takes a drop's place: as of any other drop. */
const withdrawn = 1024;

/** An admission as far as it has come. It holds the secret of the exchange, which lives in memory only: a new run shows a new code. */
interface Admitting {
  readonly offer: Offer;
  /** The name of the device that was let in. */
  joined: string | undefined;
}
const begun = new WeakMap<DeviceAdmission, Admitting>();

type Step<T> = (work: Work) => Promise<Result<T, PhotonError>>;

/**
 * Begins an admission, or goes on with one.
 * @param run makes an engine's operations of its steps.
 */
export async function addDevice(
  work: Work,
  relay: string,
  run: <T>(step: Step<T>) => Outcome<T>,
  before: DeviceAdmission | undefined,
): Promise<Result<DeviceAdmission, PhotonError>> {
  const known = before === undefined ? undefined : begun.get(before);
  const offered = known === undefined ? await offerAdmission(work, relay) : ok(known.offer);
  if (!offered.ok) return offered;
  const admitting = known ?? { offer: offered.value, joined: undefined };
  const { ports } = work;
  const admission: DeviceAdmission = {
    code: admitting.offer.code,
    expires: before?.expires ?? work.now() + dropDays * 24 * 3600 * 1000,
    isAnswered: async () => {
      const answer = await answerTo(ports, admitting.offer);
      return answer.ok ? ok(answer.value !== undefined) : answer;
    },
    poll: () => run((again) => goOn(again, admitting)),
    withdraw: () => takeBack(ports, admitting.offer),
  };
  begun.set(admission, admitting);
  return ok(admission);
}

type AdmissionStep = { readonly state: "waiting" | "admitting" | "joined"; readonly device: string | undefined };

async function goOn(work: Work, admitting: Admitting): Promise<Result<AdmissionStep, PhotonError>> {
  if (admitting.joined === undefined) {
    const admitted = await admitAnswerer(work, admitting.offer);
    if (!admitted.ok) return admitted;
    admitting.joined = admitted.value?.name;
    await work.commit();
    await flush(work, { onMoved: followBundle });
    return ok({ state: admitting.joined === undefined ? "waiting" : "admitting", device: admitting.joined });
  }
  const synced = await syncOnce(work);
  if (!synced.ok) return synced;
  return ok({ state: (await place(work)) ? "joined" : "admitting", device: admitting.joined });
}

/** Leaves our half of the exchange at the relay. */
async function offerAdmission(work: Work, relay: string): Promise<Result<Offer, PhotonError>> {
  if (liveLeaves((await loadCircle(work)).mine.state).length >= maxLeaves) return err(photonError("too-many-devices"));
  const { code, drops, psk } = makeDeviceCode({ entropy: work.random(16), relay });
  const { message, secret } = startRendezvous(psk, work.random(32));
  const put = await work.ports.transport.call(relay, "put", { dropId: drops[0], body: message, days: dropDays });
  return put.ok ? ok({ code, relay, drops, secret }) : err(relayProblem(relay, put.error));
}

/** The new device's answer; undefined while there is none. */
async function answerTo({ transport }: Ports, offer: Offer): Promise<Result<Bytes | undefined, PhotonError>> {
  const answer = await transport.call(offer.relay, "get", { dropId: offer.drops[1] });
  if (answer.ok) return ok(answer.value.value.body);
  return answer.error.code === "refused" && answer.error.refusal === "not-found"
    ? ok(undefined)
    : err(relayProblem(offer.relay, answer.error));
}

/**
 * Takes the places of the answer and of the reply, as far as they are free: who comes later finds the code answered, and who
 * has answered gets a reply that opens for nobody.
 */
async function takeBack({ transport, random }: Ports, { relay, drops }: Offer): Promise<void> {
  const signal = soonOver();
  for (const dropId of drops.slice(1))
    await transport.call(relay, "put", { dropId, body: random.bytes(withdrawn), days: dropDays }, { signal });
}

/** Looks for the new device's answer, and lets it in. @returns undefined while there is none. */
async function admitAnswerer(work: Work, offer: Offer): Promise<Result<Introduction | undefined, PhotonError>> {
  const answer = await answerTo(work.ports, offer);
  if (!answer.ok || answer.value === undefined) return answer.ok ? ok(undefined) : answer;
  const read = readAnswer(offer.secret, answer.value);
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
async function place(work: Work): Promise<boolean> {
  const { unadmitted } = await reconcile(work);
  await tellCircle(work);
  await flushArchive(work);
  await flush(work, { onMoved: followBundle });
  return unadmitted === 0;
}
