/** Inputs near valid ones: flips, truncations, splices, edits of lengths, and havoc. A pure function of seed and index. */
import { type Bytes, concat } from "@photon/protocol/codec";

/** mulberry32: a repeatable stream, which is all that is needed of it. */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Random = ReturnType<typeof makeRandom>;

const interesting = [0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x3b, 0x40, 0x58, 0x5b, 0x5f, 0x7b, 0x7f, 0x80, 0x9a, 0x9b, 0x9f, 0xa0, 0xbb, 0xbf, 0xc2, 0xf6, 0xf9, 0xfb, 0xff]; // prettier-ignore
/** Longest input that is made: a little above the largest wire value that one seed can grow to. */
const maxInput = 256 * 1024;

const replaced = (bytes: Bytes, at: number, length: number, part: Uint8Array): Bytes =>
  concat(bytes.subarray(0, at), part, bytes.subarray(at + length));
const randomBytes = (random: Random, length: number): Bytes => new Uint8Array(length).map(() => random(256));

type Mutation = (bytes: Bytes, random: Random, seeds: readonly Bytes[]) => Bytes;
const place = (bytes: Bytes, random: Random): number => random(Math.max(1, bytes.length));

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = place(bytes, random);
    return replaced(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random(8))));
  },
  function setByte(bytes, random) {
    return replaced(bytes, place(bytes, random), 1, Uint8Array.of(interesting[random(interesting.length)] ?? 0));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, place(bytes, random));
  },
  function extend(bytes, random) {
    return concat(bytes, randomBytes(random, 1 + random(16)));
  },
  function remove(bytes, random) {
    return replaced(bytes, place(bytes, random), 1 + random(32), new Uint8Array());
  },
  function insert(bytes, random) {
    return replaced(bytes, place(bytes, random), 0, randomBytes(random, 1 + random(8)));
  },
  function repeat(bytes, random) {
    const at = place(bytes, random);
    const part = bytes.subarray(at, at + 1 + random(64));
    return replaced(bytes, at, 0, concat(...Array.from({ length: 1 + random(random(8) === 0 ? 256 : 4) }, () => part)));
  },
  function splice(bytes, random, seeds) {
    const other = seeds[random(seeds.length)] ?? bytes;
    const from = place(other, random);
    return replaced(bytes, place(bytes, random), random(64), other.subarray(from, from + 1 + random(256)));
  },
  /** Counts and lengths of CBOR and of TLS: one, two, four and eight bytes, small and huge. */
  function editLength(bytes, random) {
    const size = 1 << random(4);
    const value = new Uint8Array(size);
    if (random(2) === 0) value.fill(0xff);
    else value[size - 1] = random(256);
    const head = [0x18, 0x19, 0x1a, 0x1b][Math.log2(size)] ?? 0x18;
    const withHead = random(2) === 0 ? concat(Uint8Array.of((random(6) << 5) | head), value) : value;
    return replaced(bytes, place(bytes, random), random(2) === 0 ? withHead.length : 0, withHead);
  },
  function nest(bytes, random) {
    return replaced(bytes, place(bytes, random), random(4), new Uint8Array(1 + random(64)).fill(random(2) === 0 ? 0x81 : 0xa1));
  },
];

/** The input number `index` of a run. */
export function mutate(seed: number, index: number, seeds: readonly Bytes[]): Bytes {
  const random = makeRandom(seed + Math.imul(index, 0x9e37_79b1));
  if (random(50) === 0) return randomBytes(random, random(300));
  let bytes: Bytes = (seeds[random(seeds.length)] ?? new Uint8Array()).slice();
  const rounds = random(4) === 0 ? 2 + random(14) : 1 + random(2);
  for (let round = 0; round < rounds; round++) {
    const mutation = mutations[random(mutations.length)];
    if (mutation !== undefined) bytes = mutation(bytes, random, seeds);
    if (bytes.length > maxInput) bytes = bytes.slice(0, maxInput);
  }
  return bytes;
}
