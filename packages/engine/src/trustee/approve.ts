/**
 * What a trustee does about a request: looks it up by the spoken code, approves it on the plan queue, in the relationship and
 * to the new device, or declines. See spec/12-recovery.md.
 */
import { err, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  type ApprovalRefusal,
  type ArchivePin,
  encodeTalk,
  type EntryBody,
  type FoundRequest,
  mayApprove,
  openRequest,
  parseRequestCode,
  type ReplyBody,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { pseudonymKey } from "@photon/protocol/trustees";
import type { ApproveOptions, RecoveryCase } from "../api.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { postEntry, readBoards } from "../plan/board.ts";
import { recoveredAt } from "../recovery/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import { setRecord } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { boardsOf, caseRecord, type Holding, seenPlan, shownCases } from "./cases.ts";
import { actingTrusts, caseSchema, trustKeys } from "./records.ts";
import { queueReply } from "./replies.ts";

const fail = (code: Parameters<typeof photonError>[0], detail = ""): { readonly ok: false; readonly error: PhotonError } =>
  err(photonError(code, detail));

export interface LookedUp {
  readonly request: FoundRequest;
  /** The plans of that person by which this trustee acts, the oldest first. */
  readonly trusts: readonly Holding[];
}

/** Finds the request that was spoken, at the relay that it names or else at those of the plan, and keeps it. */
export async function lookUp(work: Work, relationship: string, code: string): Promise<Result<LookedUp, PhotonError>> {
  const trusts = await actingTrusts(work, relationship);
  const trust = trusts.at(-1);
  if (trust === undefined) return fail("not-trustee");
  const [first] = trust.opened.queues;
  const parsed = parseRequestCode(code, first?.relay);
  if (!parsed.ok) return fail("bad-request-code", parsed.error.detail);
  const answer = await work.ports.transport.call(parsed.value.relay, "get", { dropId: parsed.value.dropId });
  if (!answer.ok) {
    return answer.error.code === "refused" && (answer.error.refusal === "not-found" || answer.error.refusal === "expired")
      ? fail("no-request", parsed.value.relay)
      : err(relayProblem(parsed.value.relay, answer.error));
  }
  const request = openRequest(parsed.value, answer.value.value.body);
  if (!request.ok) return fail("request-swapped", request.error.detail);
  const digest = toHex(request.value.digest);
  for (const one of trusts) {
    await readBoards(work, boardsOf(one));
    if ((await caseRecord(work, one, digest)) === undefined)
      await setRecord(work, trustKeys.case(relationship, one.version, digest), caseSchema, {
        request: request.value.bytes,
        signed: [],
        relay: parsed.value.relay,
      });
  }
  return ok({ request: request.value, trusts });
}

/** As a person is shown it. Undefined where the request is over under each plan. */
export const shownRequest = async (work: Work, { request, trusts }: LookedUp): Promise<RecoveryCase | undefined> =>
  (await shownCases(work, trusts)).find((one) => one.request === toHex(request.digest));

export async function approve(
  work: Work,
  relationship: string,
  options: ApproveOptions,
): Promise<Result<RecoveryCase, PhotonError>> {
  const looked = await lookUp(work, relationship, options.code);
  if (!looked.ok) return looked;
  const { request, trusts } = looked.value;
  const refusals: ApprovalRefusal[] = [];
  for (const trust of trusts) {
    const refusal = await approveBy(work, trust, request, options);
    if (refusal !== undefined) refusals.push(refusal);
  }
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length === trusts.length) return fail(refusal === "expired" ? "request-expired" : refusal);
  const shown = await shownRequest(work, looked.value);
  return shown === undefined ? fail("no-request") : ok(shown);
}

/** Under one plan. @returns why it cannot be. */
async function approveBy(
  work: Work,
  trust: Holding,
  request: FoundRequest,
  { recognised, contacted }: ApproveOptions,
): Promise<ApprovalRefusal | undefined> {
  const digest = toHex(request.digest);
  const { cases, all } = await seenPlan(work, trust);
  const seen = all.find((one) => one.digest === digest);
  // What counts with this trustee is no case any more.
  if (seen?.record === undefined) return "expired";
  const author = pseudonymKey(trust.opened.pseudonymSeed);
  const refusal = mayApprove(cases, digest, author, await recoveredAt(work), work.now());
  if (refusal !== undefined) return refusal;
  const level = seen.case?.contestedAt === undefined ? 0 : 1;
  const body: EntryBody = { kind: "approve", value: { request: request.bytes, level, recognised, contacted } };
  await postEntry(work, boardsOf(trust), trusteeAuthor(trust), body);
  const { record } = seen;
  await setRecord(work, trustKeys.case(trust.relationship, trust.version, digest), caseSchema, {
    ...record,
    // Whoever is asked again may have been heard by nobody: the share goes out once more, when the next pass has read all afresh.
    released: undefined,
    ...(level === 0 ? { approved: work.now() } : { approved: record.approved ?? work.now(), approvedContested: work.now() }),
    recognised,
    contacted,
  });
  await tellOwner(work, trust, request, level);
  await tellDevice(work, trust, request);
  return undefined;
}

/** The trustee's pseudonym as an author. */
export const trusteeAuthor = ({ opened }: Holding) =>
  ({ signer: ed25519Signer(opened.pseudonymSeed), role: "trustee", certificate: opened.certificate }) as const;

/** All trustees as one author: whoever opens the archive in the end knows which pseudonym is whose (R9). */
const jointAuthor = ({ opened }: Holding) =>
  ({ signer: ed25519Signer(opened.jointSeed), role: "joint", certificate: opened.jointCertificate }) as const;

/** Into the relationship with the person: whoever has an old device of theirs sees it there, and can object. */
async function tellOwner(work: Work, trust: Holding, request: FoundRequest, level: 0 | 1): Promise<void> {
  const relationship = await loadRelationship(work, trust.relationship);
  const { plan, version } = trust.opened;
  const body = encodeTalk("trustee-approved", { plan, version, request: request.digest, device: request.request.device, level });
  await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-approved", body));
}

/** What the new device has to know of the plan, and how its request stands. */
export async function tellDevice(work: Work, trust: Holding, request: FoundRequest): Promise<void> {
  const { opened } = trust;
  const { seen, cases } = await seenPlan(work, trust);
  const found = cases.get(toHex(request.digest));
  const record = await caseRecord(work, trust, toHex(request.digest));
  const level = found?.contestedAt === undefined ? 0 : 1;
  const state = found?.state;
  const body: ReplyBody = {
    kind: "approval",
    value: {
      level: record?.approvedContested === undefined ? 0 : 1,
      threshold: opened.verification.threshold,
      contested: opened.verification.contestedThreshold,
      delayHours: opened.delay,
      hint: opened.hint,
      seen: Math.min(64, found?.approvals[level].length ?? 1),
      readyAt: state?.kind === "waiting" ? state.until : state?.kind === "ready" ? state.since : 0,
      contestedNow: found?.contestedAt === undefined ? 0 : 1,
      index: opened.shares.index,
      verification: opened.verification,
      places: placesOf(trust, seen),
    },
  };
  await queueReply(work, trust, request, body);
}

/** Where the archive is, the newest first: as the devices have pinned it, by when that was first seen, and as the packet says. */
export function placesOf({ opened }: Holding, seen: Awaited<ReturnType<typeof seenPlan>>["seen"]): readonly ArchivePin[] {
  const pins = new Map<string, { readonly place: ArchivePin; readonly since: number }>();
  const note = (place: ArchivePin, since: number): void => {
    const key = `${place.vault} ${toHex(place.register)}`;
    const held = pins.get(key);
    const { sequence } = held === undefined || held.place.sequence < place.sequence ? place : held.place;
    pins.set(key, { place: { ...place, sequence }, since: Math.min(since, held?.since ?? since) });
  };
  for (const { vault, register } of opened.archives) note({ vault, register, sequence: 0 }, 0);
  for (const { entry, firstSeen } of seen) {
    if (entry.body.kind !== "pin") continue;
    const { vault, register, sequence } = entry.body.value;
    note({ vault, register, sequence }, firstSeen);
  }
  const places = [...pins.values()].toSorted((a, b) => b.since - a.since).map(({ place }) => place);
  // Whoever has a device can pin as many as they like from now on, and none from before.
  return places.length <= maxPlaces ? places : [...places.slice(0, maxPlaces / 2), ...places.slice(-maxPlaces / 2)];
}
const maxPlaces = 8;

/** @param pressured quietly makes all wait a week longer, for every request that is open. */
export async function decline(work: Work, relationship: string, pressured: boolean): Promise<Result<void, PhotonError>> {
  const trusts = await actingTrusts(work, relationship);
  if (trusts.length === 0) return fail("not-trustee");
  for (const trust of trusts) {
    await readBoards(work, boardsOf(trust));
    for (const { digest, record, request, case: found } of (await seenPlan(work, trust)).all) {
      if (found?.state.kind === "expired") continue;
      if (pressured)
        await postEntry(work, boardsOf(trust), jointAuthor(trust), { kind: "press", value: { request: request.digest } });
      if (record !== undefined && record.approved === undefined)
        await setRecord(work, trustKeys.case(relationship, trust.version, digest), caseSchema, { ...record, declined: work.now() });
    }
  }
  return ok(undefined);
}
