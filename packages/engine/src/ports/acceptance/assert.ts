import { type DecodeError, equalBytes, type Result, toHex } from "@photon/protocol/codec";

/** Compares plain data: numbers, text, bytes, lists and records of them. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!same(actual, expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

export function valueOf<T, E extends { readonly code: string }>(result: Result<T, E>, what: string): T {
  if (result.ok) return result.value;
  throw new Error(`${what}: failed with ${shown(result.error)}`);
}

export function refused<T>(result: Result<T, DecodeError>, what: string): void {
  if (result.ok) throw new Error(`${what}: was accepted`);
}

/** For bugs of the caller, which throw. */
export async function rejects(run: () => Promise<unknown>, what: string): Promise<void> {
  const outcome = await run().then(
    () => "resolved",
    () => "rejected",
  );
  equal(outcome, "rejected", what);
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = new Map(Object.entries(a));
  const right = new Map(Object.entries(b));
  return left.size === right.size && [...left].every(([name, value]) => right.has(name) && same(value, right.get(name)));
}

const plain = (_name: string, part: unknown): unknown => (part instanceof Uint8Array ? `h'${toHex(part.subarray(0, 32))}'` : part);

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value, plain).slice(0, 400);
}
