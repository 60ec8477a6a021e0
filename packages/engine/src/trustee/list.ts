/** What this person is a trustee of, and answering those who ask. */
import { err, ok, type Result } from "@photon/protocol/codec";
import { makeDeviceCode } from "@photon/protocol/meeting";
import { encodeTalk } from "@photon/protocol/recovery";
import type { Trusteeship } from "../api.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { getRecord, keys, petnameSchema, setRecord } from "../relationship/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { shownCases } from "./cases.ts";
import { actingTrusts, type KnownTrust, loadTrusts, trustKeys, trustSchema } from "./records.ts";

/** One for each person: the newest plan of theirs that was not dismissed, by petname. */
export async function listTrusteeships(work: Work): Promise<readonly Trusteeship[]> {
  const newest = new Map<string, KnownTrust>();
  for (const trust of await loadTrusts(work)) if (trust.state !== "dismissed") newest.set(trust.relationship, trust);
  const shown: Trusteeship[] = [];
  for (const trust of newest.values()) shown.push(await show(work, trust));
  return shown.toSorted((a, b) => a.petname.localeCompare(b.petname));
}

async function show(work: Work, trust: KnownTrust): Promise<Trusteeship> {
  const cases = await shownCases(work, await actingTrusts(work, trust.relationship));
  return {
    petname: (await getRecord(work, keys.petname(trust.relationship), petnameSchema)) ?? "",
    state: trust.state === "dismissed" ? "lost" : trust.state,
    since: trust.since,
    askedAgain: trust.askedAgain,
    hint: trust.opened?.hint ?? "",
    threshold: trust.opened?.verification.threshold,
    delayHours: trust.opened?.delay ?? trust.delayHours,
    cases,
  };
}
export async function trusteeshipOf(work: Work, relationship: string): Promise<Result<Trusteeship, PhotonError>> {
  const trust = (await loadTrusts(work, relationship)).at(-1);
  return trust === undefined ? err(photonError("not-trustee")) : ok(await show(work, trust));
}

/** The newest ask of theirs; an answer can be changed until the packet has come, and taken back afterwards. */
export async function answerAsk(work: Work, relationship: string, accepts: boolean): Promise<Result<void, PhotonError>> {
  const trust = (await loadTrusts(work, relationship)).at(-1);
  if (trust === undefined || trust.state === "dismissed") return err(photonError("not-trustee"));
  const { relationship: id, opened: _, askedAgain: __, ...row } = trust;
  const state = accepts ? (trust.state === "holding" ? "holding" : "accepted") : "refused";
  const since = state === trust.state ? trust.since : work.now();
  await setRecord(work, trustKeys.plan(id, trust.version), trustSchema, { ...row, state, since });
  const talk = await loadRelationship(work, id);
  const body = encodeTalk("trustee-answer", { plan: trust.plan, version: trust.version, accepts });
  await postUntilAcked(work, talk, await newContent(work, talk, "trustee-answer", body));
  return ok(undefined);
}

/**
 * For somebody who remembers nothing, not even a relay: words that begin with one. They are no secret, and open nothing: what
 * proves who asks is the code that the person speaks back.
 */
export async function help(
  work: Work,
  relationship: string,
  relay: string,
): Promise<Result<{ readonly words: string; readonly relay: string }, PhotonError>> {
  const trust = (await loadTrusts(work, relationship)).findLast(({ opened }) => opened !== undefined);
  if (trust === undefined) return err(photonError("not-trustee"));
  const [queue] = trust.opened?.queues ?? [];
  const at = queue?.relay ?? relay;
  return ok({ words: makeDeviceCode({ entropy: work.random(16), relay: at }).code, relay: at });
}
