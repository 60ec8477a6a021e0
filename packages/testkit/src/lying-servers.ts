/** Servers that lie: what is asked of the honest one, or what it answers, is changed on the way. */
import type { BlobStore, Transport } from "@photon/engine/ports";

type Call = (kind: string, value: unknown, honest: () => Promise<unknown>) => Promise<unknown>;

export interface Liar {
  /** What is answered instead; undefined for the truth. */
  lie: Call | undefined;
}

/** The relay behind `inner`, as long as `liar` says nothing else. */
export function lyingRelay(inner: Transport, liar: Liar): Transport {
  const call: Transport["call"] = (relay, kind, value) => {
    const honest = () => inner.call(relay, kind, value);
    return liar.lie === undefined ? honest() : (liar.lie(kind, value, honest) as ReturnType<typeof honest>);
  };
  return { call, watch: (relay, reads, onHint) => inner.watch(relay, reads, onHint) };
}

/** The vault behind `inner`, as long as `liar` says nothing else. */
export function lyingVault(inner: BlobStore, liar: Liar): BlobStore {
  return {
    call: async (vault, kind, value) => {
      const honest = () => inner.call(vault, kind, value as never);
      return (await (liar.lie === undefined ? honest() : liar.lie(kind, value, honest))) as never;
    },
  };
}
