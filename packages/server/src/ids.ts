const writeKeyLength = 32;

/** The write keys of a queue, as they stand one after the other in its row. */
export function writeKeysOf(joined: Uint8Array): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let at = 0; at < joined.length; at += writeKeyLength) keys.push(joined.subarray(at, at + writeKeyLength));
  return keys;
}

/** A byte string as a map key: half the length of hex, and never printed. */
export const idKey = (id: Uint8Array): string => Reflect.apply(String.fromCharCode, undefined, id) as string;
