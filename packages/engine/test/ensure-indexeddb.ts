/** A browser has IndexedDB; Node is given one that lives in memory, under the same global names. */
export async function ensureIndexedDb(): Promise<void> {
  if ("indexedDB" in globalThis) return;
  const { default: indexedDB, ...named } = await import("fake-indexeddb");
  Object.assign(globalThis, named, { indexedDB });
}
