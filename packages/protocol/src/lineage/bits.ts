/** Sets of small indices. A lineage of n statements keeps n such sets of n bits: 125 KB for a thousand. */
export type Bits = Uint32Array<ArrayBuffer>;

export const emptyBits = (size: number): Bits => new Uint32Array((size + 31) >>> 5);

export const hasBit = (bits: Bits, index: number): boolean => ((bits[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;

export function addBit(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
}

export function addBits(into: Bits, from: Bits): void {
  for (let word = 0; word < from.length; word++) into[word] = (into[word] ?? 0) | (from[word] ?? 0);
}

export function intersection(a: Bits, b: Bits): Bits {
  const out = new Uint32Array(a.length);
  for (let word = 0; word < a.length; word++) out[word] = (a[word] ?? 0) & (b[word] ?? 0);
  return out;
}

export const overlaps = (a: Bits, b: Bits): boolean => a.some((word, at) => (word & (b[at] ?? 0)) !== 0);

/** The largest index in it. */
export function lastIndex(bits: Bits): number | undefined {
  const word = bits.findLastIndex((each) => each !== 0);
  return word < 0 ? undefined : (word << 5) + 31 - Math.clz32(bits[word] ?? 0);
}

/** The indices in it, ascending. */
export function indicesOf(bits: Bits): number[] {
  const out: number[] = [];
  for (let word = 0; word < bits.length; word++) {
    let rest = bits[word] ?? 0;
    while (rest !== 0) {
      const low = rest & -rest;
      out.push((word << 5) + 31 - Math.clz32(low));
      rest ^= low;
    }
  }
  return out;
}
