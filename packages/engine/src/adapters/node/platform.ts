import { randomFillSync } from "node:crypto";
import type { Clock, Random } from "../../ports/index.ts";

export const systemClock: Clock = { now: () => Date.now() };

/** Bytes drawn ahead: a call to the system costs far more than the few bytes that are mostly wanted. */
const drawn = new Uint8Array(4096);
let used = drawn.length;

function random(length: number): Uint8Array<ArrayBuffer> {
  if (length > drawn.length / 8) return randomFillSync(new Uint8Array(length));
  if (used + length > drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const given = drawn.slice(used, used + length);
  // Handed out once, and not kept.
  drawn.fill(0, used, used + length);
  used += length;
  return given;
}

export const systemRandom: Random = { bytes: random };
