/**
 * A group of writes on its way to the commit thread. What appends are made of goes in one buffer that is handed over rather than
 * copied piece by piece; everything else is rare and goes as it is.
 */
import { ownBytes } from "@photon/protocol/codec";
import type { CommittedGroup } from "./apply.ts";
import type { RelayWrite } from "./writes.ts";

type Append = Extract<RelayWrite, { kind: "append" }>;
const idLength = 16;

/** @property at where receive id, append id and body begin in the buffer. */
interface PackedAppend {
  readonly kind: "packed";
  readonly version: number;
  readonly at: number;
  readonly size: number;
}
export interface PackedGroup {
  readonly today: number;
  readonly writes: readonly (PackedAppend | Exclude<RelayWrite, Append>)[];
  readonly buffer: ArrayBuffer;
}
export type GroupAnswer =
  | { readonly kind: "committed"; readonly group: CommittedGroup }
  /** @property code of what the database threw. */
  | { readonly kind: "failed"; readonly code: string };

export function packGroup(writes: readonly RelayWrite[], today: number): PackedGroup {
  let length = 0;
  for (const write of writes) if (write.kind === "append") length += 2 * idLength + write.body.length;
  const buffer = new ArrayBuffer(length);
  const bytes = new Uint8Array(buffer);
  let at = 0;
  const packed = writes.map((write) => {
    if (write.kind !== "append") return write;
    const part: PackedAppend = { kind: "packed", version: write.version, at, size: write.body.length };
    bytes.set(write.receiveId, at);
    bytes.set(write.appendId, at + idLength);
    bytes.set(write.body, at + 2 * idLength);
    at += 2 * idLength + write.body.length;
    return part;
  });
  return { today, writes: packed, buffer };
}

export function unpackGroup({ writes, buffer }: PackedGroup): readonly RelayWrite[] {
  const bytes = new Uint8Array(buffer);
  return writes.map((write) => {
    if (write.kind !== "packed") return write;
    const { version, at, size } = write;
    return {
      kind: "append",
      receiveId: ownBytes(bytes.subarray(at, at + idLength)),
      version,
      appendId: ownBytes(bytes.subarray(at + idLength, at + 2 * idLength)),
      body: bytes.subarray(at + 2 * idLength, at + 2 * idLength + size),
    };
  });
}
