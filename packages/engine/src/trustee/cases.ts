/** The requests that a trustee knows of, as its plan queue and its relationship show them. */
import { equalBytes, fromHex, toHex } from "@photon/protocol/codec";
import {
  answerWords,
  type Case,
  casesOf,
  checkRequest,
  type FoundRequest,
  type Heard,
  type Sighting,
  type Entry,
  requestDigest,
} from "@photon/protocol/recovery";
import { blindLength, blindRequest, itemLength, pseudonymKey, type TrusteePacket } from "@photon/protocol/trustees";
import type { RecoveryCase } from "../api.ts";
import { listState } from "../circle/state.ts";
import { type Boards, sightings } from "../plan/board.ts";
import { getRecord, lastPart } from "../relationship/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { type CaseRecord, caseSchema, type KnownTrust, trustKeys } from "./records.ts";

export type Holding = KnownTrust & { readonly opened: TrusteePacket };

export const boardsOf = ({ opened }: Holding): Boards => ({
  plan: opened.plan,
  version: opened.version,
  dealerKey: opened.dealer,
  boards: opened.queues,
});

export interface SeenCase {
  /** Hex. */
  readonly digest: string;
  readonly request: FoundRequest;
  /** Undefined where nobody has approved it yet. */
  readonly case: Case | undefined;
  readonly record: CaseRecord | undefined;
}

export interface SeenPlan {
  readonly seen: readonly Sighting[];
  readonly cases: ReadonlyMap<string, Case>;
  readonly all: readonly SeenCase[];
}

/** What our own relationship with the person shows of the requests on their plan queue. */
interface InLineage {
  /**
   * Requests (hex) whose succession counts here: they are no case any more. Whoever reads a plan queue late sees the old ones as if
   * they were new, and must not take them for rivals. One that somebody objected to, elsewhere maybe, goes on until the second key
   * has answered that.
   */
  readonly finished: ReadonlySet<string>;
  /** Objections that came by the lineage alone. */
  readonly heard: readonly Heard[];
}

/** Which request a succession is of shows in the batch that it was signed with. */
async function inLineage(work: Work, id: string, seen: readonly Sighting[]): Promise<InLineage> {
  const { peer } = await loadRelationship(work, id);
  const finished = new Set<string>();
  const heard: Heard[] = [];
  if (peer === undefined || peer.state.successions.length === 0) return { finished, heard };
  const objected = new Set(seen.flatMap(({ entry: { body } }) => (body.kind === "contest" ? [toHex(body.value.request)] : [])));
  const asShown = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { entry } of seen) {
    if (entry.body.kind !== "batch") continue;
    const { request, items } = entry.body.value;
    for (let at = itemLength - blindLength; at < items.length; at += itemLength)
      asShown.set(toHex(blindRequest(request, items.slice(at, at + blindLength))), request);
  }
  for (const { request: shown, status, threshold, contest } of peer.state.successions) {
    const request = asShown.get(toHex(shown));
    if (request === undefined) continue;
    const objection = contest === undefined ? undefined : peer.statements.get(toHex(contest));
    const firstSeen = objection?.type === "contest" ? peer.firstSeen.get(toHex(objection.id)) : undefined;
    if (firstSeen !== undefined) heard.push({ request, firstSeen });
    if (status === "counts" && (threshold === 1 || !objected.has(toHex(request)))) finished.add(toHex(request));
  }
  return { finished, heard };
}

function requestOf({ body }: Entry): string {
  switch (body.kind) {
    case "approve":
      return toHex(requestDigest(body.value.request));
    case "pin":
      return "";
    case "press":
    case "contest":
    case "release":
    case "batch":
      return toHex(body.value.request);
  }
}

/** Everything about one plan that we hold a packet of. */
export async function seenPlan(work: Work, trust: Holding): Promise<SeenPlan> {
  const everything = await sightings(work, boardsOf(trust));
  const { finished, heard } = await inLineage(work, trust.relationship, everything);
  const seen = everything.filter(({ entry }) => !finished.has(requestOf(entry)));
  const { threshold, contestedThreshold } = trust.opened.verification;
  const rules = { threshold, contested: contestedThreshold, delay: trust.opened.delay * 3_600_000 };
  const cases = casesOf(rules, seen, heard, work.now());
  const all = new Map<string, SeenCase>();
  for (const [digest, one] of cases) all.set(digest, { digest, request: one.request, case: one, record: undefined });
  for (const { key, value } of await listState(work, trustKeys.case(trust.relationship, trust.version, ""))) {
    const digest = lastPart(key).slice(-64);
    const record = parseRow(caseSchema, value);
    const request = checkRequest(record.request, (fromHex(digest) ?? new Uint8Array(0)).slice(0, 16));
    const known = all.get(digest);
    if (finished.has(digest)) continue;
    if (request.ok) all.set(digest, { digest, request: request.value, case: known?.case, record });
  }
  return { seen, cases, all: [...all.values()] };
}

export const caseRecord = (
  work: Work,
  { relationship, version }: Pick<Holding, "relationship" | "version">,
  digest: string,
): Promise<CaseRecord | undefined> => getRecord(work, trustKeys.case(relationship, version, digest), caseSchema);

const furthest: readonly RecoveryCase["state"][] = ["signed", "released", "ready", "waiting", "collecting", "expired"];

/** Each request once, though it may be a case under more than one plan: as it is where it is furthest, with the words for all. */
export async function shownCases(work: Work, trusts: readonly Holding[]): Promise<readonly RecoveryCase[]> {
  const found = new Map<string, RecoveryCase[]>();
  for (const trust of trusts) {
    for (const seen of (await seenPlan(work, trust)).all)
      found.set(seen.digest, [...(found.get(seen.digest) ?? []), shownCase(trust, seen)]);
  }
  return [...found.values()].flatMap((same) => {
    const [shown] = same.toSorted((a, b) => furthest.indexOf(a.state) - furthest.indexOf(b.state));
    const answers = same.flatMap(({ answer }) => answer ?? []);
    return shown === undefined ? [] : [{ ...shown, answer: answers.length === 0 ? undefined : answers.join(" ") }];
  });
}

/** As a person is shown it. */
export function shownCase(trust: Holding, { digest, request, case: found, record }: SeenCase): RecoveryCase {
  const own = pseudonymKey(trust.opened.pseudonymSeed);
  const { threshold } = trust.opened.verification;
  const state = found?.state;
  // Once somebody objects, only what was approved with that on the screen counts: who said it before is asked again.
  const counting = found?.approvals[found.contestedAt === undefined ? 0 : 1];
  const approvedByMe = counting?.some(({ author }) => equalBytes(author, own)) ?? record?.approved !== undefined;
  return {
    request: digest,
    device: request.request.device,
    state:
      state?.kind === "expired"
        ? "expired"
        : record?.signed.some(({ refused }) => refused !== true) === true
          ? "signed"
          : record?.released !== undefined
            ? "released"
            : (state?.kind ?? "collecting"),
    approvals: found?.approvals[state !== undefined && "level" in state ? state.level : 0].length ?? 0,
    needed: state?.kind === "collecting" ? state.need : threshold,
    until: state?.kind === "waiting" ? state.until : undefined,
    contested: found?.contestedAt !== undefined,
    pressed: found?.pressed ?? false,
    rivals: found?.rivals.length ?? 0,
    approvedByMe,
    answer: approvedByMe
      ? answerWords({
          request: request.digest,
          author: own,
          dealerKey: trust.opened.dealer,
          verification: trust.opened.verification,
        })
      : undefined,
    warnings: warningsOf(found),
  };
}

function warningsOf(found: Case | undefined): readonly string[] {
  const warnings: string[] = [];
  if (found === undefined) return warnings;
  if (found.contestedAt !== undefined)
    warnings.push("A device of theirs objects: “that is not me”, or “I am still here”. Speak with them again before you go on.");
  if (found.rivals.length > 0)
    warnings.push("Somebody else asks in the same name, with another device. Only one of them can be who you know.");
  if (found.pressed) warnings.push("Somebody was pressed to approve this. Everybody waits a week longer.");
  return warnings;
}
