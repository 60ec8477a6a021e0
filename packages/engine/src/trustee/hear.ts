/** What somebody whose trustee we are, or are to be, says to us. */
import { equalBytes, sha256 } from "@photon/protocol/codec";
import type { Content } from "@photon/protocol/queue";
import { decodeTalk, encodeTalk, readEntry, type TalkKind } from "@photon/protocol/recovery";
import { checkPacket, decodePacket } from "@photon/protocol/trustees";
import { setState } from "../circle/state.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { passEntryOn } from "../plan/board.ts";
import { packetLabel } from "../plan/deal.ts";
import { leafKeys } from "../relationship/leaves.ts";
import type { Relationship } from "../relationship/model.ts";
import { getRecord, setRecord } from "../relationship/records.ts";
import { ownLeaf } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { boardsOf } from "./cases.ts";
import { activeTrusts, loadTrusts, trustKeys, trustSchema } from "./records.ts";

/** Plans of one person that are remembered: an owner who asks without end fills nothing up. */
const maxPlans = 16;
/** For so long a packet is kept when a later one is held: more than a change of trustees needs to decide, and to be undone. */
const keepPackets = 90 * 24 * 3_600_000;

export type ToTrustee = Extract<TalkKind, "trustee-ask" | "trustee-packet" | "trustee-contest" | "trustee-dismiss">;

export async function hearOwner(work: Work, relationship: Relationship, kind: ToTrustee, content: Content): Promise<void> {
  const { id } = relationship;
  switch (kind) {
    case "trustee-ask": {
      const talk = decodeTalk(kind, content.body);
      if (!talk.ok) return;
      const { plan, version, delayHours, again } = talk.value;
      const known = await getRecord(work, trustKeys.plan(id, version), trustSchema);
      if (again && known?.state === "holding" && equalBytes(known.plan, plan))
        await setRecord(work, trustKeys.plan(id, version), trustSchema, { ...known, askedAgain: work.now() });
      if (known !== undefined || !(await hasRoom(work, id))) return;
      await setRecord(work, trustKeys.plan(id, version), trustSchema, {
        plan,
        version,
        state: "asked",
        since: work.now(),
        delayHours,
      });
      return;
    }
    case "trustee-packet": {
      const talk = decodeTalk(kind, content.body);
      if (talk.ok) await takePacket(work, relationship, talk.value);
      return;
    }
    case "trustee-contest": {
      const talk = decodeTalk(kind, content.body);
      if (talk.ok) await passOn(work, id, talk.value.version, talk.value.entry);
      return;
    }
    case "trustee-dismiss": {
      const talk = decodeTalk(kind, content.body);
      const known = talk.ok ? await getRecord(work, trustKeys.plan(id, talk.value.version), trustSchema) : undefined;
      if (!talk.ok || known === undefined || !equalBytes(known.plan, talk.value.plan)) return;
      // The packet is kept: whoever holds an unlocked device of theirs could say this too (45 days, design).
      await setRecord(work, trustKeys.plan(id, known.version), trustSchema, {
        ...known,
        state: known.state === "holding" ? "holding" : "dismissed",
      });
      return;
    }
  }
}

/** Makes some, where it can: of what came to nothing, or of a packet in whose place another has been held for long, the oldest goes. */
async function hasRoom(work: Work, relationship: string): Promise<boolean> {
  const trusts = await loadTrusts(work, relationship);
  if (trusts.length < maxPlans) return true;
  const isReplaced = ({ version }: (typeof trusts)[number]): boolean =>
    trusts.some((one) => one.version > version && one.state === "holding" && work.now() - one.since >= keepPackets);
  const gone = trusts.find((one) => one.state !== "holding" || isReplaced(one));
  if (gone === undefined) return false;
  await setState(work, trustKeys.plan(relationship, gone.version), undefined);
  return true;
}

/** An objection that reached one trustee reaches all: whoever keeps the device from the plan queue has to keep us all from it. */
async function passOn(work: Work, relationship: string, version: number, received: Uint8Array<ArrayBuffer>): Promise<void> {
  const trust = (await activeTrusts(work, relationship)).find((one) => one.version === version);
  if (trust === undefined) return;
  const boards = boardsOf(trust);
  const entry = readEntry(received, boards, boards.dealerKey);
  if (!entry.ok || entry.value.body.kind !== "contest") return;
  await passEntryOn(work, boards, received);
}

/** A packet is kept, and said to be held, only if we had agreed, and if everything in it that can be checked is good. */
async function takePacket(
  work: Work,
  relationship: Relationship,
  talk: { readonly plan: Uint8Array<ArrayBuffer>; readonly version: number; readonly sealed: Uint8Array<ArrayBuffer> },
): Promise<void> {
  const key = trustKeys.plan(relationship.id, talk.version);
  const known = await getRecord(work, key, trustSchema);
  if (known === undefined || known.state !== "accepted" || !equalBytes(known.plan, talk.plan)) return;
  const own = await ownLeaf(work, relationship);
  const keys = own === undefined ? undefined : await leafKeys(work, own.id);
  if (keys === undefined) return;
  const opened = await work.session.openWithPackage(talk.sealed, keys.lastResort, packetLabel);
  const packet = opened.ok ? decodePacket(opened.value) : opened;
  if (!opened.ok || !packet.ok) return;
  const { plan, version } = packet.value;
  if (!equalBytes(plan, talk.plan) || version !== talk.version) return;
  if (!checkPacket(packet.value, (length) => work.random(length)).ok) return;
  await setRecord(work, key, trustSchema, { ...known, state: "holding", since: work.now(), packet: opened.value });
  const body = encodeTalk("trustee-held", { plan, version, packet: sha256(opened.value) });
  await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-held", body));
}
