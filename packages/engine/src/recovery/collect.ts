/**
 * Adding up: what trustees have answered, grouped by the plan that they name. Those of one plan agree in what verifies their
 * shares; whoever does not agree with the largest group that adds up is named, and nothing of theirs is used.
 */
import { encode, sha256, toHex } from "@photon/protocol/codec";
import { answerWords, type ArchivePin, type Reply, sameAnswer } from "@photon/protocol/recovery";
import {
  combineOpener,
  type OpenerShare,
  parseVerification,
  type Random,
  type Verification,
  type VerificationData,
  verificationSchema,
  verifyOpenerShare,
} from "@photon/protocol/trustees";

export interface Group {
  readonly plan: Uint8Array<ArrayBuffer>;
  readonly version: number;
  readonly dealerKey: Uint8Array<ArrayBuffer>;
  readonly data: VerificationData;
  /** By pseudonym (hex): the newest approval of each. */
  readonly approvals: ReadonlyMap<string, Extract<Reply["body"], { readonly kind: "approval" }>["value"]>;
  /** By pseudonym (hex): a share that was released. */
  readonly shares: ReadonlyMap<string, OpenerShare>;
  readonly places: readonly ArchivePin[];
}

/**
 * Of these replies, those of people whom the person has heard: an approval whose answer words were typed, and what its author says
 * beside it under the same dealer. Whoever was heard with one plan cannot answer with another. A call is one person: whatever words
 * they read out, they are one voice in each plan; and of two who have the same words, whoever answered first has them.
 */
export function heardAmong(
  replies: readonly Reply[],
  request: Uint8Array<ArrayBuffer>,
  calls: readonly (readonly string[])[],
): readonly Reply[] {
  if (calls.length === 0) return [];
  const answers = replies.map((reply) => ({ reply, words: wordsOf(reply, request) }));
  const voices = new Set<string>();
  for (const call of calls) {
    const plans = new Set<string>();
    for (const typed of call) {
      const said = answers.find(({ words }) => isAmong(words, [typed]))?.reply;
      if (said === undefined || plans.has(planName(said))) continue;
      plans.add(planName(said));
      voices.add(voiceOf(said));
    }
  }
  const typed = calls.flat();
  const counts = ({ reply, words }: (typeof answers)[number]): boolean =>
    voices.has(voiceOf(reply)) && (reply.body.kind !== "approval" || isAmong(words, typed));
  return answers.filter(counts).map(({ reply }) => reply);
}

/** What an approval is read back as. */
const wordsOf = ({ author, dealerKey, body }: Reply, request: Uint8Array<ArrayBuffer>): string | undefined =>
  body.kind === "approval" ? answerWords({ request, author, dealerKey, verification: body.value.verification }) : undefined;
const isAmong = (words: string | undefined, typed: readonly string[]): boolean =>
  words !== undefined && typed.some((one) => sameAnswer(one, words));

/** An approval whose answer words were typed. */
export const isHeard = (reply: Reply, request: Uint8Array<ArrayBuffer>, typed: readonly string[]): boolean =>
  typed.length > 0 && isAmong(wordsOf(reply, request), typed);

type Named = Pick<Reply, "plan" | "version" | "dealerKey">;
const planName = ({ plan, version, dealerKey }: Named): string => `${toHex(plan)} ${version} ${toHex(dealerKey)}`;
/** Who says something, and as whose trustee. */
export const voiceOf = (said: Named & Pick<Reply, "author">): string => `${planName(said)} ${toHex(said.author)}`;

/** However few a plan asks for: what one person says alone could be a plan of their own. */
const fewest = 2;
export const neededFor = ({ threshold }: VerificationData): number => Math.max(threshold, fewest);

export const hasEnough = ({ approvals, data }: Group): boolean => approvals.size >= neededFor(data);

/**
 * The groups, those first of which enough have approved, and of these the oldest plan: while it can be opened, it decides before one
 * that replaced it, which a thief may have made. Of the others, that of the most approvals first.
 */
export function groupsOf(replies: readonly Reply[]): readonly Group[] {
  const groups = new Map<string, Reply[]>();
  const dataOf = new Map<string, string>();
  for (const reply of replies) {
    if (reply.body.kind === "approval")
      dataOf.set(voiceOf(reply), toHex(sha256(encode(verificationSchema, reply.body.value.verification))));
  }
  for (const reply of replies) {
    const data = dataOf.get(voiceOf(reply));
    if (data === undefined) continue;
    const key = `${planName(reply)} ${data}`;
    groups.set(key, [...(groups.get(key) ?? []), reply]);
  }
  return [...groups.values()].flatMap((some) => groupOf(some) ?? []).toSorted(inOrder);
}

function inOrder(a: Group, b: Group): number {
  if (hasEnough(a) !== hasEnough(b)) return hasEnough(a) ? -1 : 1;
  return (hasEnough(a) ? a.version - b.version : 0) || b.approvals.size - a.approvals.size;
}

function groupOf(replies: readonly Reply[]): Group | undefined {
  const approvals = new Map<string, Extract<Reply["body"], { readonly kind: "approval" }>["value"]>();
  const shares = new Map<string, OpenerShare>();
  const places = new Map<string, { readonly place: ArchivePin; readonly by: Set<string>; readonly rank: number }>();
  for (const { author, body } of replies) {
    const who = toHex(author);
    if (body.kind === "approval") approvals.set(who, body.value);
    if (body.kind === "release") shares.set(who, body.value.share);
    if (body.kind !== "approval" && body.kind !== "release") continue;
    for (const [rank, place] of body.value.places.entries()) {
      const key = `${place.vault} ${toHex(place.register)}`;
      const held = places.get(key);
      const newest = held === undefined || place.sequence > held.place.sequence ? place : held.place;
      places.set(key, {
        place: newest,
        by: (held?.by ?? new Set<string>()).add(who),
        rank: Math.min(rank, held?.rank ?? rank),
      });
    }
  }
  const [reply] = replies;
  const [first] = approvals.values();
  if (reply === undefined || first === undefined) return undefined;
  return {
    plan: reply.plan,
    version: reply.version,
    dealerKey: reply.dealerKey,
    data: first.verification,
    approvals,
    shares,
    // What more of them name comes first: one trustee cannot send the device to another archive. Each names the newest first.
    places: [...places.values()].toSorted((a, b) => b.by.size - a.by.size || a.rank - b.rank).map(({ place }) => place),
  };
}

export type Opening =
  | { readonly kind: "open"; readonly identity: string; readonly verification: Verification; readonly blamed: readonly string[] }
  | { readonly kind: "short"; readonly have: number; readonly need: number; readonly blamed: readonly string[] };

/** @returns what opens the archive, or how many good shares there are; whose share is bad is named by their pseudonym (hex). */
export function openWith(group: Group, random: Random): Opening {
  const verification = parseVerification(group.data);
  if (!verification.ok) return { kind: "short", have: 0, need: group.data.threshold, blamed: [...group.approvals.keys()] };
  const good: OpenerShare[] = [];
  const blamed: string[] = [];
  for (const [who, share] of group.shares) {
    const index = group.approvals.get(who)?.index;
    if (index !== undefined && verifyOpenerShare(verification.value, index, share, random).ok) good.push(share);
    else blamed.push(who);
  }
  const opener = combineOpener(verification.value, good, random);
  return opener.ok
    ? { kind: "open", identity: opener.value.identity, verification: verification.value, blamed }
    : { kind: "short", have: good.length, need: group.data.threshold, blamed };
}
