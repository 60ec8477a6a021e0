/** Mutations of valid inputs, and the promise that every decoder keeps: a value or a typed error, whatever the bytes. */
import fc from "fast-check";
import type { Bytes } from "@photon/protocol/codec";
import { share } from "../share.ts";

export interface FuzzTarget {
  readonly name: string;
  readonly valid: readonly Bytes[];
  /** Throws, or rejects, only if the decoder broke its promise. */
  run(input: Bytes): void | Promise<void>;
}

interface Edit {
  readonly kind: "flip" | "set" | "insert" | "delete" | "repeat" | "cut";
  readonly at: number;
  readonly byte: number;
  readonly length: number;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("flip", "set", "insert", "delete", "repeat", "cut"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.nat(255),
  length: fc.integer({ min: 1, max: 64 }),
});

function apply(bytes: Uint8Array, { kind, at, byte, length }: Edit): Uint8Array {
  const index = Math.floor(at * bytes.length);
  const before = bytes.subarray(0, index);
  const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));
  switch (kind) {
    case "flip":
      return bytes.map((value, i) => (i === index ? value ^ (1 << (byte % 8)) : value));
    case "set":
      return bytes.map((value, i) => (i === index ? byte : value));
    case "insert":
      return join(before, Uint8Array.of(byte), bytes.subarray(index));
    case "delete":
      return join(before, bytes.subarray(index + length));
    case "repeat":
      return join(before, bytes.subarray(index, index + length), bytes.subarray(index));
    case "cut":
      return before;
  }
}

/** Half of the inputs keep close to a valid one; each is a valid one with up to five edits. */
function mutated(valid: readonly Bytes[]): fc.Arbitrary<Bytes> {
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([base, edits]) => new Uint8Array(edits.reduce(apply, base)));
}

/** Bounded, for the ordinary test run. */
export async function fuzz(target: FuzzTarget, runs = share(2000), milliseconds = share(1000)): Promise<void> {
  for (const input of target.valid) await target.run(input);
  await fc.assert(
    fc.asyncProperty(mutated(target.valid), async (input) => {
      await target.run(input);
    }),
    { numRuns: runs, plugins: [fc.interruptAfterTimeLimit(milliseconds)] },
  );
}

/** A decoder ran to its end: with a value, or with an error that has a code. */
export function expectOutcome(result: { ok: true; value: unknown } | { ok: false; error: { code: string; detail: string } }): void {
  if (!result.ok && (result.error.code === "" || typeof result.error.detail !== "string"))
    throw new Error("an error without a code");
}
