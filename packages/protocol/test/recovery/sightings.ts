/** What a trustee of Ana's has seen on the plan queue, and when, in milliseconds from the day on which it begins. */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, encodeCbor, toHex } from "@photon/protocol/codec";
import {
  type Author,
  type Case,
  type CaseRules,
  casesOf,
  type CaseState,
  type Entry,
  type EntryBody,
  type Heard,
  type Level,
  type Sighting,
} from "@photon/protocol/recovery";
import { anasLaptop, approval, day, digest, hour, joint, plan, request } from "./people.ts";

/** Two of Ben, Chi and Dee, after two days; all three, once somebody objected. */
export const rules: CaseRules = { threshold: 2, contested: 3, delay: 48 * hour };
export const start = 20_719 * day;

/** An entry that was read and found good. What it says of its own time is never counted, and is nonsense here. */
export function seen({ signer, role, certificate }: Author, body: EntryBody, firstSeen: number, at = 7): Sighting {
  const author = asBytes(signer.publicKey);
  const value = "request" in body.value ? body.value.request : new Uint8Array(0);
  const level = "level" in body.value ? body.value.level : 0;
  const id = asBytes(sha256(encodeCbor([author, body.kind, value, level, at])));
  const entry: Entry = { ...plan, author, role, ...(certificate === undefined ? {} : { certificate }), at, body, id };
  return { entry, firstSeen: start + firstSeen };
}
export const approves = (who: Author, firstSeen: number, level: Level = 0, of: Bytes = request): Sighting =>
  seen(who, approval(level, of), firstSeen);
export const presses = (firstSeen: number, of: Bytes = digest): Sighting =>
  seen(joint, { kind: "press", value: { request: of } }, firstSeen);
export const contests = (firstSeen: number, of: Bytes = digest, at = 7): Sighting =>
  seen(anasLaptop, { kind: "contest", value: { request: of, reason: "still-here" } }, firstSeen, at);
export const heardAt = (firstSeen: number, of: Bytes = digest): Heard => ({ request: of, firstSeen: start + firstSeen });

export interface Seen {
  readonly sightings: readonly Sighting[];
  readonly heard?: readonly Heard[];
  readonly rules?: CaseRules;
}
export function caseAt({ sightings, heard = [], rules: given = rules }: Seen, now: number, of: Bytes = digest): Case {
  const found = casesOf(given, sightings, heard, start + now).get(toHex(of));
  if (found === undefined) throw new Error("nobody has approved it");
  return found;
}

/** Where a case stands, with times counted from the day on which the story begins. */
export function stands(seenSoFar: Seen, now: number, of: Bytes = digest): CaseState {
  const { state } = caseAt(seenSoFar, now, of);
  switch (state.kind) {
    case "collecting":
      return { ...state, expires: state.expires - start };
    case "waiting":
      return { ...state, until: state.until - start };
    case "ready":
      return { ...state, since: state.since - start, expires: state.expires - start };
    case "expired":
      return { ...state, since: state.since - start };
  }
}
