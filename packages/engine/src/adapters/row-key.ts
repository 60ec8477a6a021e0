/**
 * Row keys in the order that `Store` promises: by their UTF-8 bytes, which is the order of code points and, for
 * characters beyond U+FFFF, not the order in which JavaScript compares strings.
 */

/** A lone surrogate has no UTF-8 bytes; a key that holds one is a bug of the caller. */
export function assertKey(key: string): void {
  if (/\p{Surrogate}/u.test(key)) throw new Error("a row key must be well-formed Unicode");
}

// Moves the surrogates (the code points above U+FFFF) behind U+E000..U+FFFF.
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The smallest key that is greater than every key with this prefix; undefined if there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point === 0x10ffff) continue;
    return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}
