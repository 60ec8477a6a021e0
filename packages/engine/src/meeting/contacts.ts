/** Contacts as they are shown: what the records, lineages and claims of a relationship mean for a person. */
import { equalBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import type { Change, LineageState } from "@photon/protocol/lineage";
import type { Contact, ContactState, HistoryEntry } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { custodyWords } from "../relationship/custody.ts";
import {
  type Claim,
  circleId,
  flagSchema,
  getRecord,
  keys,
  petnameSchema,
  timeSchema,
  verifiedSchema,
} from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { openSuccession, shownSuccession, succeededSince } from "../succession/decide.ts";
import { listClaims } from "./claims.ts";
import { day } from "./clock.ts";

/** 10 hex digits are shown; 40 random bits tell a person's contacts apart. */
export const contactIdOf = (relationship: string): string => relationship.slice(0, 10);
const claimIdOf = (relationship: string, claim: Claim): string => `${contactIdOf(relationship)}-${toHex(claim.side).slice(0, 6)}`;

export interface Listed {
  readonly contact: Contact;
  readonly relationship: string;
  /** The claim that this entry stands for, where nobody was confirmed yet. */
  readonly claim: Claim | undefined;
}

export async function listContacts(work: Work): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for (const id of await relationshipIds(work)) {
    if (id !== circleId) listed.push(...(await contactsOf(work, await loadRelationship(work, id))));
  }
  return listed.toSorted((a, b) => a.contact.petname.localeCompare(b.contact.petname) || (a.contact.id < b.contact.id ? -1 : 1));
}

async function contactsOf(work: Work, relationship: Relationship): Promise<readonly Listed[]> {
  const { id } = relationship;
  const petname = (await getRecord(work, keys.petname(id), petnameSchema)) ?? "";
  const claims = await listClaims(work, id);
  if (relationship.peer === undefined && claims.length > 0) {
    const rivals =
      claims.length > 1
        ? `${claims.length} people say that they accepted this invitation. Compare safety words before you confirm one.`
        : undefined;
    return claims.map((claim) => ({
      contact: {
        id: claims.length > 1 ? claimIdOf(id, claim) : contactIdOf(id),
        petname,
        state: "confirm" as const,
        note: rivals ?? "Somebody has accepted your invitation. Confirm that it is who you meant.",
        verified: undefined,
        custody: "unknown",
        changes: [],
        succession: undefined,
      },
      relationship: id,
      claim,
    }));
  }
  const verified = await getRecord(work, keys.verified(id), verifiedSchema);
  const looked = (await getRecord(work, keys.looked(id), timeSchema)) ?? 0;
  const peer = relationship.peer?.state;
  const contact: Contact = {
    id: contactIdOf(id),
    petname,
    state: await stateOf(work, relationship),
    note: noteOf(work, relationship, claims),
    verified:
      verified !== undefined &&
      relationship.peer !== undefined &&
      equalBytes(verified.peer, relationship.peer.side) &&
      verified.at >= (succeededSince(relationship.peer.state) ?? 0)
        ? { how: verified.how, at: verified.at }
        : undefined,
    custody: custodyWords(peer?.custody),
    changes:
      peer === undefined
        ? []
        : historyOf(peer, "peer").filter(({ at, kind }) => at > looked && kind !== "found" && kind !== "move"),
    succession: relationship.peer === undefined ? undefined : shownSuccession(relationship.peer.state, relationship.peer.firstSeen),
  };
  return [{ contact, relationship: id, claim: undefined }];
}

export async function stateOf(work: Work, relationship: Relationship): Promise<ContactState> {
  if ((await getRecord(work, keys.closed(relationship.id), flagSchema)) === true) return "closed";
  const states = [relationship.mine.state.kind, relationship.peer?.state.kind ?? "active"];
  if (states.includes("closed")) return "closed";
  if (states.includes("contested")) return "contested";
  if (states.includes("frozen")) return "frozen";
  const confirmed = (await getRecord(work, keys.confirmed(relationship.id), flagSchema)) === true;
  return confirmed && relationship.peer !== undefined ? "active" : "waiting";
}

function noteOf(work: Work, relationship: Relationship, claims: readonly Claim[]): string | undefined {
  const { peer, record } = relationship;
  const open = peer === undefined ? undefined : openSuccession(peer.state);
  if (open?.status === "contested")
    return "Somebody has recovered this side by trustees, and a device from before objects. Ask them on another channel which is theirs.";
  if (open !== undefined)
    return `Recovered by trustees, unconfirmed until ${day(open.until ?? 0)}. If you can, ask them on another channel; until then nothing that you write is sent.`;
  const rivals = peer === undefined ? [] : claims.filter(({ side }) => !equalBytes(side, peer.side));
  const [rival] = rivals;
  if (rival !== undefined)
    return `Somebody else tried to use this invitation as well, first seen on ${day(rival.at)}. Compare safety words.`;
  if (peer === undefined && record.expires !== undefined && record.expires <= work.now()) return "The invitation has expired.";
  if (peer !== undefined && [...peer.state.standing.values()].some(({ kind }) => kind === "held"))
    return "This person uses a newer Photon; some of what they did cannot be judged here.";
  return undefined;
}

/** Changes of a side in words, oldest first. */
export function historyOf(state: LineageState, side: "peer" | "me"): readonly HistoryEntry[] {
  return state.changes.map((change) => ({
    at: change.firstSeen,
    kind: change.kind,
    grade: change.grade,
    words: change.quarantined ? `${wordsOf(change)}, beside a recovery: of no effect as long as that may count` : wordsOf(change),
    side,
  }));
}

function wordsOf(change: Change): string {
  const devices = change.leaves === 1 ? "a device" : `${change.leaves} devices`;
  switch (change.kind) {
    case "found":
      return "began with a first device";
    case "admit":
      return `added ${devices}`;
    case "retire":
      return `retired ${devices} (${change.reason ?? "gone"})`;
    case "plan":
      return "changed how this relationship is backed up";
    case "move":
      return "changed where messages go";
    case "succeed":
      return "was recovered on new devices";
    case "contest":
      return "objected to a recovery";
    case "close":
      return "said goodbye";
    case "generation":
      return "renewed the keys of the conversation";
  }
}

/** By petname or id. A petname that two contacts have is ambiguous. */
export async function findContact(work: Work, who: string): Promise<Result<Listed, PhotonError>> {
  const all = await listContacts(work);
  const byId = all.filter(({ contact, relationship }) => contact.id === who || relationship === who);
  const found = byId.length > 0 ? byId : all.filter(({ contact }) => contact.petname === who && who !== "");
  const [first] = found;
  if (first === undefined) return err(photonError("unknown-contact", who));
  return found.length === 1 ? ok(first) : err(photonError("ambiguous-contact", who));
}
