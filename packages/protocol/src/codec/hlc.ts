/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): close to wall time, never repeating, never
 * going back, and totally ordered between devices. Times come from the caller; nothing here reads a clock.
 * See spec/01-encoding.md.
 */
import { type Bytes, compareBytes, toHex } from "./bytes.ts";
import { bytes, uint } from "./scalars.ts";
import type { SchemaType } from "./schema.ts";
import { struct } from "./struct.ts";

/** The largest wall time, in ms since 1970: 48 bits, so that a key has a fixed width. The year 10889. */
export const maxWall = 2 ** 48 - 1;
export const maxCounter = 0xff_ffff;
/** How far, in ms, another clock may be ahead of ours before it is ignored rather than followed. */
export const maxLead = 24 * 3600 * 1000;

export const hlcSchema = struct({
  /** Milliseconds since 1970. */
  wall: [1, uint({ max: maxWall })],
  /** Tells apart what happened in one millisecond. */
  counter: [2, uint({ max: maxCounter })],
  /** Random, one per device and profile: breaks ties the same way everywhere. */
  node: [3, bytes(8)],
});
export type Hlc = SchemaType<typeof hlcSchema>;

/** Negative when `a` is earlier. Zero only for equal clocks of one node. */
export function compareHlc(a: Hlc, b: Hlc): number {
  return a.wall - b.wall || a.counter - b.counter || compareBytes(a.node, b.node);
}

/** The next time of this node: strictly larger than `last`, and `now` where that is larger. */
export function tick(last: Hlc | undefined, now: number, node: Bytes): Hlc {
  const wall = clampWall(now);
  if (last === undefined || wall > last.wall) return { wall, counter: 0, node };
  return hlcAfter(last, node);
}

/**
 * The next time of this node after it has seen another's: strictly larger than `last`, and than `seen` unless that is
 * more than `maxLead` ahead of `now`. So one device with a wrong clock cannot drag the others with it.
 */
export function receiveHlc(last: Hlc | undefined, seen: Hlc, now: number, node: Bytes): Hlc {
  const follow = seen.wall <= clampWall(now) + maxLead;
  if (!follow) return tick(last, now, node);
  const ahead = last === undefined || compareHlc(seen, last) > 0 ? seen : last;
  return tick(ahead, now, node);
}

/** Fixed-width text whose order is that of `compareHlc`: 12 + 6 + 16 hex digits. */
export function hlcKey(hlc: Hlc): string {
  return hlc.wall.toString(16).padStart(12, "0") + hlc.counter.toString(16).padStart(6, "0") + toHex(hlc.node);
}

/** The least time of a node that is after `before` whatever the nodes are. */
export function hlcAfter({ wall, counter }: Hlc, node: Bytes): Hlc {
  if (counter < maxCounter) return { wall, counter: counter + 1, node };
  if (wall >= maxWall) throw new Error("the hybrid clock has come to its end");
  return { wall: wall + 1, counter: 0, node };
}

/** A clock that is set before 1970 or after the format's end still gives a time; the counter keeps it moving. */
function clampWall(now: number): number {
  return Math.min(Math.max(Math.trunc(now), 0), maxWall - 1);
}
