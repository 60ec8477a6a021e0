/** Inviting: a new side, and an offer in a drop that the invitation's words lead to. */
import { type Bytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { invitationLifetime, makeInvitation, sealOffer } from "@photon/protocol/meeting";
import type { StatementId } from "@photon/protocol/statement";
import type { Invitation } from "../api.ts";
import { liveSiblings } from "../circle/devices.ts";
import { enqueue } from "../delivery/outbox.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { keys, petnameSchema, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { statementBytes } from "../relationship/relationship.ts";
import { announceToOwn } from "../relationship/speaking.ts";
import { admitSiblings, beginSide } from "../relationship/side.ts";
import type { Work } from "../storage/core.ts";
import { contactIdOf } from "./contacts.ts";

/** @param petname checked already. The offer goes out with the next flush. */
export async function invite(work: Work, relay: string, petname: string | undefined): Promise<Result<Invitation, PhotonError>> {
  const id = toHex(work.random(16));
  const entropy: Bytes = work.random(16);
  const expires = work.now() + invitationLifetime;
  // The id that claims name is derived from the entropy alone, so it can go into the record before the side exists.
  const named = makeInvitation({ entropy, relay, found: new Uint8Array(32) as StatementId, expires });
  const relationship = await beginSide(work, id, relay, { role: "inviter", invitation: named.id, expires });
  if (petname !== undefined) await setRecord(work, keys.petname(id), petnameSchema, petname);
  await admitSiblings(work, relationship, await liveSiblings(work));
  const statements = ownStatements(relationship);
  const [found] = statements;
  if (found === undefined) throw new Error("a side without its found");
  const invitation = makeInvitation({ entropy, relay, found: found.id, expires });
  const offer = {
    suite: "ed25519-xwing-aes256gcm-sha512",
    invitation: invitation.id,
    expires,
    statements: statementBytes(statements),
  } as const;
  const body = sealOffer(invitation.sealKey, offer, work.random(24));
  if (!body.ok) return err(photonError("relay-refused", `the offer does not fit: ${body.error.detail}`));
  await enqueue(work, id, { kind: "put", value: { relay, dropId: invitation.dropId, body: body.value, days: 8 } });
  await announceToOwn(work, relationship, statements);
  return ok({ contact: contactIdOf(id), link: invitation.link, words: invitation.words, expires });
}

/** Our side's statements, the `found` first. */
export function ownStatements(relationship: Relationship) {
  return [...relationship.mine.statements.values()].toSorted((a, b) => a.heads.length - b.heads.length);
}
