/**
 * Dealing, once every trustee has agreed: the keys are drawn, shared and erased in one go, the plan queues are made, and each
 * trustee is sent a packet that only their own devices open. See spec/11-trustees.md and spec/12-recovery.md.
 */
import { type Bytes, sha256 } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { makeQueueKeys, maxBoardWriters, readKeyOf } from "@photon/protocol/queue";
import { encodeTalk } from "@photon/protocol/recovery";
import { certifyPseudonym, dealRecovery, encodePacket, eraseShares, pseudonymKey, type Shares } from "@photon/protocol/trustees";
import { placesOf } from "../archive/location-record.ts";
import { loadLocation } from "../archive/location.ts";
import { setTrusteeOpener } from "../archive/openers.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import type { PhotonError } from "../errors.ts";
import type { Relationship } from "../relationship/model.ts";
import { setRecord } from "../relationship/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { shuffled } from "../storage/shuffled.ts";
import { sealReserve } from "./reserve.ts";
import { type BoardKeys, dealtSchema, type KnownPlan, memberSchema, planKeys } from "./records.ts";

/** What a trustee's packet is sealed as, to the leaves of that trustee. */
export const packetLabel = "photon/trustee-packet/1";
const day = 24 * 3_600_000;

/**
 * Deals a plan to which all have agreed. In the caller's unit: the packets are in the outbox, and what is remembered is in the
 * state, or nothing of it is.
 * @returns what kept it from being dealt now; undefined where it was.
 */
export async function deal(work: Work, known: KnownPlan): Promise<PhotonError | undefined> {
  const { plan } = known;
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("a profile without an archive");
  const relationships: Relationship[] = [];
  for (const id of plan.members) {
    const relationship = await loadRelationship(work, id);
    // Somebody whose side is in dispute is asked again later.
    if (relationship.peer === undefined || liveLeaves(relationship.peer.state).length === 0) return undefined;
    relationships.push(relationship);
  }
  const writers: (readonly Bytes[])[] = [];
  const boards: BoardKeys[] = [];
  for (const relay of plan.operators) {
    const made = await makeBoard(work, relay);
    if (!made.ok) return made.error;
    boards.push(made.board);
    writers.push(made.writers);
  }
  const random = (length: number): Bytes => work.random(length);
  const dealt = dealRecovery({ trustees: plan.members.length, threshold: plan.threshold }, random);
  const dealerSeed = work.random(32);
  const deviceSeed = work.random(32);
  const dealerKey = pseudonymKey(dealerSeed);
  const name = { plan: plan.plan, version: plan.version };
  const jointSeed = work.random(32);
  const jointCertificate = certifyPseudonym(dealerSeed, { ...name, role: "joint", key: pseudonymKey(jointSeed) });
  const deviceCertificate = certifyPseudonym(dealerSeed, { ...name, role: "device", key: pseudonymKey(deviceSeed) });
  for (const [index, relationship] of relationships.entries()) {
    const shares: Shares | undefined = dealt.shares[index];
    if (shares === undefined) throw new Error("fewer shares than trustees");
    const pseudonymSeed = work.random(32);
    const pseudonym = pseudonymKey(pseudonymSeed);
    const packet = encodePacket({
      suite: "ed25519-xwing-aes256gcm-sha512",
      ...name,
      shares,
      verification: dealt.verification.data,
      archives: placesOf(location).map(({ vault, register }) => ({ vault, register })),
      queues: boards.map(({ relay, receiveId, sendId, readSeed, sealKey }, at) => {
        const writeKey = writers[at]?.[index + 1];
        if (writeKey === undefined) throw new Error("a board with too few writers");
        return { relay, receiveId, sendId, readSeed, writeKey, sealKey };
      }),
      dealer: dealerKey,
      pseudonymSeed,
      certificate: certifyPseudonym(dealerSeed, { ...name, role: "trustee", key: pseudonym }),
      hint: plan.hint,
      delay: plan.delayHours,
      dealt: Math.floor(work.now() / day),
      jointSeed,
      jointCertificate,
    });
    const willing = known.members.get(relationship.id)?.willing;
    await setRecord(work, planKeys.member(plan.version, relationship.id), memberSchema, {
      state: "sent",
      since: work.now(),
      index: shares.index.slice() as Shares["index"],
      pseudonym,
      packet: sha256(packet),
      dealer: dealerKey,
      ...(willing === undefined ? {} : { willing }),
    });
    await sendPacket(work, relationship, name, packet);
    packet.fill(0);
    eraseShares(shares);
    pseudonymSeed.fill(0);
  }
  dealerSeed.fill(0);
  // No device of the owner's keeps it: whoever has one could lengthen every recovery, and nobody could tell.
  jointSeed.fill(0);
  await setRecord(work, planKeys.dealt(plan.version), dealtSchema, {
    at: work.now(),
    verification: dealt.verification.data,
    recipient: dealt.recipient,
    blindSeed: work.random(32),
    dealerKey,
    deviceSeed,
    deviceCertificate,
    boards,
    reserve: await sealReserve(dealt.recipient, reserved(writers)),
    plan,
  });
  await setTrusteeOpener(work, dealt.recipient, plan.version);
  return undefined;
}

/** Of each board the last key: no trustee has it, as there are fewer of them than a board has writers. */
const reserved = (writers: readonly (readonly Bytes[])[]): readonly Bytes[] =>
  writers.map((keys) => {
    const last = keys.at(-1);
    if (last === undefined) throw new Error("a board without writers");
    return last;
  });

/** Sealed to the trustee's leaves besides the session: our own other devices, which read what we write, cannot add shares up. */
async function sendPacket(
  work: Work,
  relationship: Relationship,
  name: { readonly plan: Bytes; readonly version: number },
  packet: Bytes,
): Promise<void> {
  if (relationship.peer === undefined) throw new Error("a trustee without a side");
  const packages = liveLeaves(relationship.peer.state).map(({ leaf }) => leaf.lastResort);
  const sealed = await work.session.sealToPackages(packages, packetLabel, packet);
  if (!sealed.ok) throw new Error(`a packet that cannot be sealed: ${sealed.error.detail}`);
  const body = encodeTalk("trustee-packet", { ...name, sealed: sealed.value });
  await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-packet", body));
}

type MadeBoard =
  | { readonly ok: true; readonly board: BoardKeys; readonly writers: readonly Bytes[] }
  | { readonly ok: false; readonly error: PhotonError };

/** As many writers as may be, so that nobody can tell from it how many trustees there are. */
async function makeBoard(work: Work, relay: string): Promise<MadeBoard> {
  const { receiveId, sendId, readSeed, root: sealKey } = makeQueueKeys(work.random(96));
  // Kept by nobody: whoever has a device of ours could delete the queue with it, and so keep every trustee waiting for ever.
  const adminSeed = work.random(32);
  const adminKey = readKeyOf(adminSeed);
  adminSeed.fill(0);
  const writers = Array.from({ length: maxBoardWriters }, () => work.random(32));
  const [writeKey] = writers;
  if (writeKey === undefined) throw new Error("a board without writers");
  const made = await work.ports.transport.call(relay, "create", {
    receiveId,
    sendId,
    readKey: readKeyOf(readSeed),
    // Two operators who compare are not to find a writer by its place.
    writeKeys: shuffled(work, writers),
    adminKey,
  });
  if (!made.ok) return { ok: false, error: relayProblem(relay, made.error) };
  return { ok: true, board: { relay, receiveId, sendId, readSeed, sealKey, writeKey }, writers };
}
