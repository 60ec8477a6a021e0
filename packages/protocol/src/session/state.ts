/**
 * What a leaf keeps of a joined group: only what application messages need. The init, exporter, external, membership and
 * resumption secrets, the handshake ratchets and the HPKE keys are erased when the group is founded or joined; so no commit,
 * proposal or external join could be made or processed from this state even by mistake.
 *
 * | part   | holds                                                                               | changes      |
 * | ------ | ----------------------------------------------------------------------------------- | ------------ |
 * | fixed  | group context, members in leaf order, own place and signing seed, sender data secret | never        |
 * | moving | one application ratchet per member: the next secret, and its number                  | each message |
 */
import {
  bytes,
  type Bytes,
  compareBytes,
  concat,
  decode,
  decodeError,
  type DecodeError,
  encode,
  equalBytes,
  err,
  list,
  ok,
  ownBytes,
  type Result,
  struct,
  uint,
} from "../codec/index.ts";
import { type GroupId, groupIdSchema, type LeafId, leafIdSchema, maxLeaves, suiteSchema } from "../statement/index.ts";
import { hashSize, versionAndSuite } from "./suite.ts";
import { vector } from "./tls.ts";
import type { EncodedGeneration, Generation } from "./types.ts";

export const maxMembers = 2 * maxLeaves;
const formatVersion = 1;
/** A ratchet that stands here is used up. Never reached: a generation is replaced after a thousand messages. */
export const maxCounter = 0xffff_ffff;

/** The next message key of one member comes from here; earlier ones cannot be had from it. */
export interface Ratchet {
  readonly secret: Bytes;
  /** Messages of this member sealed or opened so far. */
  readonly counter: number;
}

export interface FixedState {
  readonly group: GroupId;
  /** 1, or 0 where the founder is alone and no commit was needed. */
  readonly epoch: 0 | 1;
  readonly treeHash: Bytes;
  readonly transcriptHash: Bytes;
  /** By leaf index: the founder, then the others sorted by bytes. */
  readonly leaves: readonly LeafId[];
  readonly selfIndex: number;
  readonly seed: Bytes;
  readonly senderDataSecret: Bytes;
}

export interface SessionState {
  readonly fixed: FixedState;
  /** GroupContext (RFC 9420 §8.1) as signatures cover it. */
  readonly context: Bytes;
  /** By leaf index. */
  readonly ratchets: readonly Ratchet[];
  readonly encodedFixed: Bytes;
}

/** Keeps secrets out of logs: whatever prints it shows nothing of them. */
class HeldState {
  readonly #state: SessionState;
  constructor(state: SessionState) {
    this.#state = state;
  }
  static read(held: HeldState): SessionState {
    return held.#state;
  }
  toJSON(): string {
    return "<redacted>";
  }
  toString(): string {
    return "<redacted>";
  }
}

export function stateOf(generation: Generation): SessionState {
  if (!(generation.state instanceof HeldState)) throw new Error("not a generation of this session module");
  return HeldState.read(generation.state);
}

function generationOf(state: SessionState): Generation {
  const { leaves, selfIndex, group } = state.fixed;
  return {
    group,
    members: leaves.toSorted(compareBytes),
    self: at(leaves, selfIndex),
    sent: at(state.ratchets, selfIndex).counter,
    state: new HeldState(state),
  };
}

export function newGeneration(fixed: FixedState, ratchets: readonly Ratchet[]): Generation {
  return generationOf({ fixed, ratchets, context: contextOf(fixed), encodedFixed: encodeFixed(fixed) });
}

/** The same generation with one ratchet moved on; the old value stays as it was. */
export function withRatchet(generation: Generation, index: number, ratchet: Ratchet): Generation {
  const state = stateOf(generation);
  const ratchets = state.ratchets.with(index, ratchet);
  return {
    ...generation,
    sent: at(ratchets, state.fixed.selfIndex).counter,
    state: new HeldState({ ...state, ratchets }),
  };
}

const contextOf = (fixed: FixedState): Bytes =>
  concat(
    versionAndSuite,
    vector(fixed.group),
    epochBytes(fixed.epoch),
    vector(fixed.treeHash),
    vector(fixed.transcriptHash),
    vector(new Uint8Array(0)),
  );
export const epochBytes = (epoch: 0 | 1): Bytes => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, epoch);

/** An index that this module has already checked. */
export function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`no item ${index} among ${values.length}`);
  return value;
}

const versionSchema = uint({ max: 0xffff });
const fixedSchema = struct({
  version: [1, versionSchema],
  suite: [2, suiteSchema],
  group: [3, groupIdSchema],
  epoch: [4, uint({ max: 1 })],
  treeHash: [5, bytes(hashSize)],
  /** Empty in epoch 0. */
  transcriptHash: [6, bytes({ max: hashSize })],
  leaves: [7, list(leafIdSchema, { min: 1, max: maxMembers })],
  self: [8, uint({ max: maxMembers - 1 })],
  seed: [9, bytes(32)],
  senderDataSecret: [10, bytes(hashSize)],
});
const maxFixed = 2048;

/** Secrets in one string, 64 bytes for each leaf: it is written with every message, and so kept small and quick. */
const movingSchema = struct({
  version: [1, versionSchema],
  group: [2, groupIdSchema],
  counters: [3, list(uint({ max: maxCounter }), { min: 1, max: maxMembers })],
  secrets: [4, bytes({ max: maxMembers * hashSize })],
});
const maxMoving = 2048;

function encodeFixed(fixed: FixedState): Bytes {
  return encode(fixedSchema, {
    version: formatVersion,
    suite: "ed25519-xwing-aes256gcm-sha512",
    group: fixed.group,
    epoch: fixed.epoch,
    treeHash: fixed.treeHash,
    transcriptHash: fixed.transcriptHash,
    leaves: fixed.leaves,
    self: fixed.selfIndex,
    seed: fixed.seed,
    senderDataSecret: fixed.senderDataSecret,
  });
}

/** `fixed` is the same bytes, and a fresh copy, for every value of one generation. */
export function encodeGeneration(generation: Generation): EncodedGeneration {
  const { fixed, ratchets, encodedFixed } = stateOf(generation);
  const moving = encode(movingSchema, {
    version: formatVersion,
    group: fixed.group,
    counters: ratchets.map((ratchet) => ratchet.counter),
    secrets: concat(...ratchets.map((ratchet) => ratchet.secret)),
  });
  return { fixed: ownBytes(encodedFixed), moving };
}

export function decodeGeneration(encoded: EncodedGeneration): Result<Generation, DecodeError> {
  const fixedPart = decode(fixedSchema, encoded.fixed, maxFixed);
  if (!fixedPart.ok) return fixedPart;
  const movingPart = decode(movingSchema, encoded.moving, maxMoving);
  if (!movingPart.ok) return movingPart;
  const { version, self, leaves, epoch, transcriptHash, ...rest } = fixedPart.value;
  const moving = movingPart.value;
  if (version !== formatVersion || moving.version !== formatVersion) {
    return err(decodeError("unknown-version", `generation: versions ${version} and ${moving.version}`));
  }
  if (!equalBytes(rest.group, moving.group)) return err(decodeError("wrong-shape", "generation: its two parts are of two groups"));
  const count = leaves.length;
  if (self >= count) return err(decodeError("out-of-range", "generation: own place is outside the group"));
  if (moving.counters.length !== count || moving.secrets.length !== count * hashSize) {
    return err(decodeError("wrong-shape", "generation: not one ratchet for each member"));
  }
  const [founder, ...others] = leaves;
  if (founder === undefined || !isStrictlySorted(others) || others.some((leaf) => equalBytes(leaf, founder))) {
    return err(decodeError("not-canonical", "generation: members not distinct, or not in their order"));
  }
  if (epoch !== (count === 1 ? 0 : 1) || transcriptHash.length !== epoch * hashSize) {
    return err(decodeError("wrong-shape", "generation: epoch and transcript do not fit the members"));
  }
  const ratchets = moving.counters.map((counter, index) => ({
    counter,
    secret: ownBytes(moving.secrets.subarray(index * hashSize, (index + 1) * hashSize)),
  }));
  const fixed: FixedState = { ...rest, epoch: epoch === 0 ? 0 : 1, transcriptHash, leaves, selfIndex: self };
  return ok(generationOf({ fixed, ratchets, context: contextOf(fixed), encodedFixed: ownBytes(encoded.fixed) }));
}

/** Ascending by bytes, no two equal. */
export const isStrictlySorted = (ids: readonly Uint8Array[]): boolean =>
  ids.every((id, index) => index === 0 || compareBytes(at(ids, index - 1), id) < 0);
