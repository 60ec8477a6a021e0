/** No network: every server is out of reach, and none is asked. */
import { err } from "@photon/protocol/codec";
import type { BlobStore, Transport } from "../ports/index.ts";

const unreachable = err({ code: "unreachable", detail: "offline" } as const);

export const offlineTransport: Transport = {
  call: async () => unreachable,
  // There is no connection that could end.
  watch: () => ({ ended: new Promise(() => undefined), close: () => undefined }),
};

export const offlineBlobStore: BlobStore = { call: async () => unreachable };
