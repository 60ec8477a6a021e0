/** Accepting: fetch the offer, make a side, found the first generation, and leave all of it in the inviter's inbox. */
import { err, ok, type Result, toHex } from "@photon/protocol/codec";
import { reduce } from "@photon/protocol/lineage";
import { isOfferOf, type Offer, openOffer, parseInvitation, type ParsedInvitation } from "@photon/protocol/meeting";
import { idKey, parseStatement, type Statement } from "@photon/protocol/statement";
import { liveSiblings } from "../circle/devices.ts";
import { listState } from "../circle/state.ts";
import { found } from "../conversation/founding.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { keys, petnameSchema, recordSchema, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { addStatements, setPeer } from "../relationship/relationship.ts";
import { admitSiblings, beginSide } from "../relationship/side.ts";
import { announceToOwn } from "../relationship/speaking.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { clockProblem, day } from "./clock.ts";
import { depositClaim, noteClaim } from "./claiming.ts";
import { ownStatements } from "./invite.ts";

interface Offered {
  readonly invitation: ParsedInvitation;
  readonly offer: Offer;
  readonly statements: readonly Statement[];
}

/** Looks at an invitation without accepting it. */
export async function fetchOffer(work: Work, text: string, defaultRelay: string): Promise<Result<Offered, PhotonError>> {
  const parsed = parseInvitation(text, defaultRelay);
  if (!parsed.ok) return err(photonError(parsed.error.code, parsed.error.detail));
  const invitation = parsed.value;
  /** A clock that is ahead makes every invitation an old one: the relay is asked before that is said. */
  const isPast = (at: number | undefined): at is number => at !== undefined && at <= work.now();
  const expired = (at: number): Result<never, PhotonError> =>
    err(clockProblem(work, invitation.relay) ?? photonError("invitation-expired", `on ${day(at)}`));
  const answer = await work.ports.transport.call(invitation.relay, "get", { dropId: invitation.dropId });
  if (!answer.ok) {
    const { error } = answer;
    const refusal = error.code === "refused" ? error.refusal : undefined;
    if (isPast(invitation.expires)) return expired(invitation.expires);
    if (refusal === "expired") return err(photonError("invitation-expired"));
    if (refusal === "not-found") return err(photonError("invitation-unknown", invitation.relay));
    return err(relayProblem(invitation.relay, error));
  }
  if (isPast(invitation.expires)) return expired(invitation.expires);
  const offer = openOffer(invitation, answer.value.value.body);
  if (!offer.ok) return err(photonError("invitation-swapped", offer.error.detail));
  if (invitation.found !== undefined && !isOfferOf(offer.value, invitation.found))
    return err(photonError("invitation-swapped", "another person's side lies there"));
  if (isPast(offer.value.expires)) return expired(offer.value.expires);
  const statements: Statement[] = [];
  for (const bytes of offer.value.statements) {
    const statement = parseStatement(bytes);
    if (!statement.ok) return err(photonError("invitation-swapped", `${statement.error.code}: ${statement.error.detail}`));
    statements.push(statement.value);
  }
  const seen = new Map(statements.map(({ id }) => [idKey(id), work.now()]));
  if (reduce(statements, seen, work.now()).kind !== "active")
    return err(photonError("invitation-swapped", "its statements do not add up to a person"));
  return ok({ invitation, offer: offer.value, statements });
}

const ownRecords = async (work: Work) =>
  (await listState(work, "rel/")).filter(({ key }) => key.endsWith("/record")).map(({ value }) => parseRow(recordSchema, value));

/** Why there is nothing to accept: the invitation is one of our own, or was accepted before. What cannot be read is none. */
export async function alreadyMet(work: Work, text: string, defaultRelay: string): Promise<PhotonError | undefined> {
  const parsed = parseInvitation(text, defaultRelay);
  if (!parsed.ok) return undefined;
  const wanted = idKey(parsed.value.id);
  const met = (await ownRecords(work)).find(({ invitation }) => invitation !== undefined && idKey(invitation) === wanted);
  return met === undefined ? undefined : photonError(met.role === "inviter" ? "invitation-own" : "invitation-accepted");
}

/** @param relay of our own inbox. @param petname checked already. */
export async function acceptOffer(
  work: Work,
  offered: Offered,
  relay: string,
  petname: string,
): Promise<Result<Relationship, PhotonError>> {
  const { invitation, statements } = offered;
  const [first] = statements;
  if (first === undefined) throw new Error("an offer without statements");
  // Our own side in the drop of somebody else's words.
  for (const record of await ownRecords(work))
    if (idKey(record.mine) === idKey(first.side)) return err(photonError("invitation-own"));
  const id = toHex(work.random(16));
  const relationship = await beginSide(work, id, relay, {
    role: "invitee",
    invitation: invitation.id,
    expires: offered.offer.expires,
  });
  await setRecord(work, keys.petname(id), petnameSchema, petname);
  await setPeer(work, relationship, first.side);
  await addStatements(work, relationship, statements);
  await admitSiblings(work, relationship, await liveSiblings(work));
  const own = ownStatements(relationship);
  await depositClaim(work, relationship);
  await announceToOwn(work, relationship, own);
  await announceToOwn(work, relationship, statements);
  noteClaim(work, id);
  if ((await found(work, relationship)) === undefined)
    return err(photonError("invitation-swapped", "the inviter has no live device"));
  return ok(relationship);
}
