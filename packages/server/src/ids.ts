/** A byte string as a map key: half the length of hex, and never printed. */
export const idKey = (id: Uint8Array): string => Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
