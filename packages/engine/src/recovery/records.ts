/**
 * What a device remembers of a recovery that it makes: its own, never told and never archived, but for the day on which it
 * was done (spec/12-recovery.md).
 *
 * | table and key           | holds                                                                       |
 * | ----------------------- | --------------------------------------------------------------------------- |
 * | `meta` `recovery`       | the request, its keys and its reply queue; how far it is                    |
 * | `meta` `reply/<n>`      | what trustees answered, as it was opened                                    |
 * | `meta` `calls`          | the words that trustees read back, as the person typed them                 |
 * | `meta` `batch`          | what the trustees are asked to sign, by relationship                        |
 * | `meta` `blamed/<what>`  | who gave a share, or signatures, that are not good                          |
 * | `meta` `heir/<id>`      | a relationship's `succeed` before it is signed, with the secrets it needs   |
 * | state `recovered/at`    | when: such a circle does not approve others for a month                     |
 */
import { boolean, bytes, list, oneOf, optional, type SchemaType, struct, text, uint } from "@photon/protocol/codec";
import { maxRequest } from "@photon/protocol/recovery";
import { leafIdSchema } from "@photon/protocol/statement";
import { itemLength } from "@photon/protocol/trustees";
import { getRecord, inboxSecretSchema, timeSchema } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";

export const recoveryPhases = { asking: 0, signing: 1, done: 2 } as const;
export const recoverySchema = struct({
  phase: [1, oneOf(recoveryPhases)],
  request: [2, bytes({ min: 1, max: maxRequest })],
  digest: [3, bytes(32)],
  relay: [4, text(256)],
  /** Ed25519 seed of the request's key. */
  signSeed: [5, bytes(32)],
  reply: [6, inboxSecretSchema],
  device: [7, bytes(8)],
  name: [8, text(64)],
  created: [9, uint()],
  /** Whether the reply queue and the drop are made. */
  laid: [10, boolean],
  /** How far the reply queue was read. */
  after: [11, uint()],
  replies: [12, uint()],
  /** Once the archive is open: whose plan it was. */
  version: [13, optional(uint({ max: 0xffff_ffff }))],
  /** Up to where the relay has taken answers off the reply queue. */
  trimmed: [14, optional(uint())],
});
export type RecoveryRow = SchemaType<typeof recoverySchema>;

export const recoveryKey = "recovery";
export const loadRecovery = (work: Pick<Work, "read">): Promise<RecoveryRow | undefined> =>
  work.read("meta", recoveryKey, recoverySchema);
export const keepRecovery = (work: Work, row: RecoveryRow): void => work.write("meta", recoveryKey, recoverySchema, row);

/** An answer, as it was opened. */
export const replyRow = struct({ opened: [1, bytes({ min: 1, max: 66_000 })] });
/** In the order in which they came; without a number, what all of them begin with. */
export const replyKey = (number?: number): string => `reply/${number?.toString().padStart(12, "0") ?? ""}`;

export const heirSchema = struct({
  /** What `prepareSucceed` made. */
  prepared: [1, bytes({ min: 1, max: 96 * 1024 })],
  leaf: [2, leafIdSchema],
  inbox: [3, inboxSecretSchema],
  level: [4, uint({ max: 1 })],
  epoch: [5, uint()],
});
export type Heir = SchemaType<typeof heirSchema>;
export const heirKey = (relationship: string): string => `heir/${relationship}`;

export const batchSchema = struct({
  level: [1, uint({ max: 1 })],
  notBefore: [2, uint()],
  /** By place: the relationship's id, or empty where the place only pads. */
  places: [3, list(text(32), { min: 1, max: 40_000 })],
  items: [4, bytes({ min: itemLength, max: itemLength * 40_000 })],
});
export type BatchRow = SchemaType<typeof batchSchema>;

export const recoveredKey = "recovered/at";
/** When this circle was recovered last, if ever. */
export const recoveredAt = (work: Work): Promise<number | undefined> => getRecord(work, recoveredKey, timeSchema);

/** Answer words that the person has typed, three and three, by the call in which they were spoken. */
export const heardSchema = list(list(text(120), { min: 1, max: 8 }), { max: 64 });
export const heardKey = "calls";

/** Pseudonyms (hex) of who gave something that is not good: a share, or signatures. */
const blamedSchema = list(text(64), { max: 64 });
export type Blame = "share" | "signatures";
export const loadBlamed = async (work: Pick<Work, "read">, what: Blame): Promise<readonly string[]> =>
  (await work.read("meta", `blamed/${what}`, blamedSchema)) ?? [];
export async function blame(work: Work, what: Blame, who: Iterable<string>): Promise<void> {
  const all = new Set([...(await loadBlamed(work, what)), ...who]);
  if (all.size > 0) work.write("meta", `blamed/${what}`, blamedSchema, [...all].slice(0, 64));
}
