import { asBytes, type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";

const prefixLength = 4;
/** Below this everything looks alike: most increments are one message. */
const smallest = 1024;

/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019, §4): the next length whose last bits
 * are zero, at most 12 % more, so that a length says O(log log length) bits. Here never below `smallest`.
 */
export function padmeLength(length: number): number {
  if (length <= smallest) return smallest;
  const exponent = Math.floor(Math.log2(length));
  const significant = Math.floor(Math.log2(exponent)) + 1;
  const unit = 2 ** (exponent - significant);
  return Math.ceil(length / unit) * unit;
}

/** length of inner (4, big-endian) ‖ inner ‖ zeros, such that with `overhead` more bytes the whole has a Padmé length. */
export function pad(inner: Bytes, overhead: number): Bytes {
  const plain = new Uint8Array(padmeLength(prefixLength + inner.length + overhead) - overhead);
  new DataView(plain.buffer).setUint32(0, inner.length);
  plain.set(inner, prefixLength);
  return plain;
}

/** The inner bytes; refuses a length past the end and padding that is not zero. */
export function unpad(plain: Uint8Array): Result<Bytes, DecodeError> {
  if (plain.length < prefixLength) return err(decodeError("malformed", "ends early"));
  const end = prefixLength + new DataView(plain.buffer, plain.byteOffset, plain.length).getUint32(0);
  if (end > plain.length) return err(decodeError("out-of-range", "the inner length passes the end"));
  if (plain.subarray(end).some((byte) => byte !== 0)) return err(decodeError("not-canonical", "padding is not zero"));
  return ok(asBytes(plain.slice(prefixLength, end)));
}
