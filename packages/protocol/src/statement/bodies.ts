/**
 * The statement types of version 1 and their bodies.
 *
 * | type         | signed by                        | says                                                        |
 * | ------------ | -------------------------------- | ----------------------------------------------------------- |
 * | `found`      | the first device's leaf          | first leaf, inbox, custody, plan parts                      |
 * | `admit`      | a live leaf, or an admission key | new leaves, and which proof vouches for them                |
 * | `retire`     | a live leaf, or an admission key | leaves that may no longer act, and their last trusted heads |
 * | `plan`       | a live leaf, or an admission key | new custody and plan parts                                  |
 * | `move`       | a live leaf                      | a new inbox, or new keys for it                             |
 * | `succeed`    | the recovery key                 | new leaves after all old ones are lost                      |
 * | `contest`    | a live leaf                      | objection to a succession                                   |
 * | `close`      | a live leaf                      | goodbye                                                     |
 * | `generation` | a live leaf                      | a session generation (not part of the lineage's DAG)        |
 */
import { bytes, oneOf, optional, type Schema, type SchemaType, set, struct, uint } from "../codec/index.ts";
import { groupIdSchema, leafIdSchema, statementIdSchema } from "./ids.ts";
import {
  custodySchema,
  headsSchema,
  inboxSchema,
  leafSchema,
  leavesSchema,
  maxLeaves,
  planPartsSchema,
  suiteSchema,
} from "./parts.ts";

const time = uint();
const itself = (id: Uint8Array): Uint8Array => id;

export const admitProofs = { device: 0, escrow: 1, shares: 2 } as const;
export const retireReasons = { gone: 0, lost: 1, taken: 2 } as const;
export const contestReasons = { "not-me": 0, "still-here": 1 } as const;
export const closeReasons = { goodbye: 0, moved: 1 } as const;

const found = struct({
  suite: [1, suiteSchema],
  leaf: [2, leafSchema],
  inbox: [3, inboxSchema],
  custody: [4, custodySchema],
  plan: [5, planPartsSchema],
});
const admit = struct({
  leaves: [1, leavesSchema],
  proof: [2, oneOf(admitProofs)],
});
const retire = struct({
  leaves: [1, set(leafIdSchema, { min: 1, max: maxLeaves }, itself)],
  reason: [2, oneOf(retireReasons)],
  /** Everything at or before these statements stays valid; what the leaves signed otherwise is void. */
  trusted: [3, headsSchema],
});
const plan = struct({
  custody: [1, custodySchema],
  plan: [2, planPartsSchema],
});
const move = struct({ inbox: [1, inboxSchema] });
const succeed = struct({
  suite: [1, suiteSchema],
  /** Counts the successions of this side, from 1. */
  epoch: [2, uint({ min: 1, max: 0xffff_ffff })],
  planVersion: [3, uint({ max: 0xffff_ffff })],
  threshold: [4, uint({ max: 1 })],
  leaves: [5, leavesSchema],
  inbox: [6, inboxSchema],
  custody: [7, custodySchema],
  /** The commitments that replace the one this statement opens. */
  plan: [8, planPartsSchema],
  request: [9, bytes(32)],
  notBefore: [10, time],
  expiry: [11, time],
  /** Hides every other field inside the commitment c that trustees sign. */
  nonce: [12, bytes(32)],
  /** Opening of the commitment: the blinded BLS12-381 public key (compressed) and its salt. */
  publicKey: [13, bytes({ min: 48, max: 96 })],
  salt: [14, bytes(32)],
});
const contest = struct({
  request: [1, bytes(32)],
  reason: [2, oneOf(contestReasons)],
  succession: [3, optional(statementIdSchema)],
});
const close = struct({ reason: [1, oneOf(closeReasons)] });
const generation = struct({
  suite: [1, suiteSchema],
  /** 1 + the largest number among `parents`, or 1 where there are none. */
  number: [2, uint({ min: 1, max: 0xffff_ffff })],
  group: [3, groupIdSchema],
  /** Ids of the generation statements it follows. */
  parents: [4, set(statementIdSchema, { max: 8 }, itself)],
  /** The live leaves of both sides, sorted by their bytes; the founder's own among them. */
  members: [5, set(leafIdSchema, { min: 1, max: 2 * maxLeaves }, itself)],
  /** Heads of the other side's lineage; empty in a circle. The founder's own are the statement's `heads`. */
  peerHeads: [6, headsSchema],
  /** SHA-256 of the MLS Welcome that comes with it. */
  welcome: [7, bytes(32)],
  /** Leaves that had to be added by their last-resort package: found again at their first reply. */
  lastResort: [8, set(leafIdSchema, { max: 2 * maxLeaves }, itself)],
});

export const bodySchemas = { found, admit, retire, plan, move, succeed, contest, close, generation } as const;
export type StatementType = keyof typeof bodySchemas;
export type Bodies = { readonly [T in StatementType]: SchemaType<(typeof bodySchemas)[T]> };
export type LineageType = Exclude<StatementType, "generation">;

export const isStatementType = (name: string): name is StatementType => Object.hasOwn(bodySchemas, name);
export const bodySchemaOf = <T extends StatementType>(type: T): Schema<Bodies[T]> =>
  bodySchemas[type] as unknown as Schema<Bodies[T]>;
