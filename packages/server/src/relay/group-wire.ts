/**
 * A group of writes on its way to the commit thread, and its outcomes on their way back. Appends, which are nearly all of it, travel
 * as numbers in arrays and bytes in one buffer that are handed over rather than copied; everything else is rare and goes as it is, and
 * owns its bytes: of a view, a copy would take along all that it is a view of.
 */
import type { CommittedGroup, Told } from "./apply.ts";
import type { RelayWrite, RelayWriteOutcome } from "./writes.ts";

type Append = Extract<RelayWrite, { kind: "append" }>;
type Other = Exclude<RelayWrite, Append>;
const idLength = 16;

export interface PackedGroup {
  readonly today: number;
  /** For each write: rotation version, place of the key and length of the body of an append; length 0 marks another write. */
  readonly versions: Float64Array<ArrayBuffer>;
  readonly places: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Receive id, append id and body of each append, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly others: readonly Other[];
}

export interface PackedOutcomes {
  readonly kind: "committed";
  /** For each write the sequence number that it was given, or 0 for another outcome. */
  readonly seqs: Float64Array<ArrayBuffer>;
  readonly others: readonly RelayWriteOutcome[];
  /** Indices of the writes that were appended for the first time. */
  readonly fresh: Uint32Array<ArrayBuffer>;
  readonly ended: readonly Uint8Array[];
}
/** @property code of what the database threw. */
export type GroupAnswer = PackedOutcomes | { readonly kind: "failed"; readonly code: string };

export function packGroup(writes: readonly RelayWrite[], today: number): PackedGroup {
  let length = 0;
  for (const write of writes) if (write.kind === "append") length += 2 * idLength + write.body.length;
  const bytes = new Uint8Array(length);
  const versions = new Float64Array(writes.length);
  const places = new Uint8Array(writes.length);
  const lengths = new Uint32Array(writes.length);
  const others: Other[] = [];
  let at = 0;
  for (const [index, write] of writes.entries()) {
    if (write.kind !== "append") {
      others.push(write);
      continue;
    }
    versions[index] = write.version;
    places[index] = write.place;
    lengths[index] = write.body.length;
    bytes.set(write.receiveId, at);
    bytes.set(write.appendId, at + idLength);
    bytes.set(write.body, at + 2 * idLength);
    at += 2 * idLength + write.body.length;
  }
  return { today, versions, places, lengths, bytes, others };
}

export function unpackGroup({ versions, places, lengths, bytes, others }: PackedGroup): readonly RelayWrite[] {
  const writes: RelayWrite[] = [];
  const rest = others.values();
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const other = length === 0 ? rest.next().value : undefined;
    if (other !== undefined) {
      writes.push(other);
      continue;
    }
    writes.push({
      kind: "append",
      receiveId: bytes.subarray(at, at + idLength),
      version: versions[index] ?? 0,
      place: places[index] ?? 0,
      appendId: bytes.subarray(at + idLength, at + 2 * idLength),
      body: bytes.subarray(at + 2 * idLength, at + 2 * idLength + length),
    });
    at += 2 * idLength + length;
  }
  return writes;
}

export function packOutcomes({ outcomes, told }: CommittedGroup): PackedOutcomes {
  const seqs = new Float64Array(outcomes.length);
  const others: RelayWriteOutcome[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind === "appended") seqs[index] = outcome.seq;
    else others.push(outcome);
  }
  const fresh = Uint32Array.from(told.flatMap((one) => (one.kind === "appended" ? [one.index] : [])));
  return { kind: "committed", seqs, others, fresh, ended: told.flatMap((one) => (one.kind === "ended" ? [one.receiveId] : [])) };
}

export function unpackOutcomes({ seqs, others, fresh, ended }: PackedOutcomes): CommittedGroup {
  const outcomes: RelayWriteOutcome[] = [];
  const rest = others.values();
  for (const seq of seqs) {
    const other = seq === 0 ? rest.next().value : undefined;
    outcomes.push(other ?? { kind: "appended", seq });
  }
  const told: Told[] = [];
  for (const index of fresh) told.push({ kind: "appended", index, seq: seqs[index] ?? 0 });
  for (const receiveId of ended) told.push({ kind: "ended", receiveId });
  return { outcomes, told };
}
