/**
 * What the replicated state holds of a plan with trustees, and where (spec/12-recovery.md). None of it is a share, or a key
 * that could sign a succession: those were dealt and erased.
 *
 * | key                          | holds                                                    | written                |
 * | ---------------------------- | -------------------------------------------------------- | ---------------------- |
 * | `plan/<version>/record`      | who was asked, thresholds, delay, hint                   | once                   |
 * | `plan/<version>/dealt`       | what verifies, blinds and certifies; the plan queues     | once, when it is dealt |
 * | `plan/<version>/m-<id>`      | how it stands with one trustee                           | by news of them        |
 */
import { bytes, equalBytes, list, oneOf, optional, type SchemaType, struct, text, uint } from "@photon/protocol/codec";
import { maxDelayHours } from "@photon/protocol/recovery";
import { leafIdSchema } from "@photon/protocol/statement";
import { maxTrustees, scalarSchema, verificationSchema } from "@photon/protocol/trustees";
import { listState } from "../circle/state.ts";
import { getRecord } from "../relationship/records.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { boardsHere } from "./reserve.ts";

export const planSchema = struct({
  plan: [1, bytes(32)],
  version: [2, uint({ max: 0xffff_ffff })],
  threshold: [3, uint({ min: 1, max: maxTrustees })],
  contested: [4, uint({ min: 1, max: maxTrustees })],
  delayHours: [5, uint({ max: maxDelayHours })],
  hint: [6, text(200)],
  created: [7, uint()],
  /** Relationship ids. */
  members: [8, list(text(32), { min: 2, max: maxTrustees })],
  /** Origins of the relays that are to hold the plan queue. */
  operators: [9, list(text(256), { min: 1, max: 2 })],
  /** The leaf in the circle of the device that asked, which alone deals. */
  by: [10, optional(leafIdSchema)],
});
export type Plan = SchemaType<typeof planSchema>;

export const boardKeysSchema = struct({
  relay: [1, text(256)],
  receiveId: [2, bytes(16)],
  sendId: [3, bytes(16)],
  readSeed: [4, bytes(32)],
  sealKey: [5, bytes(32)],
  /** Of the owner's devices; each trustee has one of its own. */
  writeKey: [6, bytes(32)],
});
export type BoardKeys = SchemaType<typeof boardKeysSchema>;

export const dealtSchema = struct({
  at: [1, uint()],
  verification: [2, verificationSchema],
  /** Hybrid age recipient whose private half the trustees hold shares of. */
  recipient: [3, text(4096)],
  blindSeed: [4, bytes(32)],
  dealerKey: [5, bytes(32)],
  /** The pseudonym of the owner's devices. */
  deviceSeed: [6, bytes(32)],
  deviceCertificate: [7, bytes(64)],
  boards: [8, list(boardKeysSchema, { min: 1, max: 2 })],
  /** See `reserve.ts`. */
  reserve: [9, optional(bytes({ min: 1, max: 8192 }))],
  /** The record that was dealt by: another device may have written another under this number. */
  plan: [10, optional(planSchema)],
});
export type Dealt = SchemaType<typeof dealtSchema>;

export const memberStates = { asked: 0, accepted: 1, refused: 2, sent: 3, holding: 4, lost: 5 } as const;
export const memberSchema = struct({
  state: [1, oneOf(memberStates)],
  since: [2, uint()],
  /** From dealing on. */
  index: [3, optional(scalarSchema)],
  pseudonym: [4, optional(bytes(32))],
  /** SHA-256 of the packet. */
  packet: [5, optional(bytes(32))],
  /** Milliseconds: when holding was last proved, and when they last said that they are willing. */
  proved: [6, optional(uint())],
  willing: [7, optional(uint())],
  /** When they were last asked again. */
  reasked: [8, optional(uint())],
  /** Key of the dealing that this is about: rows of two would add up to a plan that nobody holds. */
  dealer: [9, optional(bytes(32))],
});
export type Member = SchemaType<typeof memberSchema>;

const at = (version: number): string => `plan/${version.toString().padStart(10, "0")}`;
export const planKeys = {
  record: (version: number) => `${at(version)}/record`,
  dealt: (version: number) => `${at(version)}/dealt`,
  member: (version: number, relationship: string) => `${at(version)}/m-${relationship}`,
} as const;

export interface KnownPlan {
  readonly plan: Plan;
  readonly dealt: Dealt | undefined;
  /** By relationship id, in the order in which they were named. */
  readonly members: ReadonlyMap<string, Member>;
}

export type DealtPlan = KnownPlan & { readonly dealt: Dealt };
export const isDealt = (known: KnownPlan): known is DealtPlan => known.dealt !== undefined;

/** All plans that are remembered, the oldest first. */
export async function loadPlans(work: Work): Promise<readonly KnownPlan[]> {
  const found: KnownPlan[] = [];
  for (const { key, value } of await listState(work, "plan/")) {
    if (!key.endsWith("/record")) continue;
    const asked = parseRow(planSchema, value);
    const dealt = await getRecord(work, planKeys.dealt(asked.version), dealtSchema);
    const plan = dealt?.plan ?? asked;
    const members = new Map<string, Member>();
    for (const id of plan.members) {
      const member = await getRecord(work, planKeys.member(plan.version, id), memberSchema);
      members.set(id, member ?? { state: "asked", since: plan.created });
    }
    const here = dealt === undefined ? undefined : { ...dealt, boards: await boardsHere(work, plan.version, dealt) };
    found.push({ plan, dealt: here, members });
  }
  return found;
}

/** The newest plan that was dealt and is held by all its trustees: the one that new relationships are founded with. */
export async function heldPlan(work: Work): Promise<DealtPlan | undefined> {
  return (await loadPlans(work)).filter(isDealt).findLast(isHeld);
}

/** Whether every trustee once said that their share is good; a share that was lost since is said by `planStatus`. */
export const isHeld = ({ members, dealt }: KnownPlan): boolean =>
  [...members.values()].every(
    (member) => (member.state === "holding" || member.state === "lost") && (dealt === undefined || isOfDealing(member, dealt)),
  );

/** Whether what is remembered of a trustee is about this dealing. */
export const isOfDealing = ({ dealer }: Member, { dealerKey }: Dealt): boolean =>
  dealer === undefined || equalBytes(dealer, dealerKey);
