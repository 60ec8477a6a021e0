/** A relay and a vault that agree to everything and keep nothing but counts: what is measured is the client alone. */
import type { BlobStore, RelayError, Transport, VaultError } from "@photon/engine/ports";
import type { Head, VaultAnswer, VaultRequest, VaultResponse } from "@photon/protocol/archive";
import { err, ok, type Result, sha256 } from "@photon/protocol/codec";
import type { RelayAnswer, RelayRequest, RelayResponse } from "@photon/protocol/queue";

export interface AgreeingServers {
  readonly relay: Transport;
  readonly vault: BlobStore;
  requests(): number;
  /** Of bodies, bundles, blobs and heads that were sent. */
  bytes(): number;
}

export function agreeingServers(): AgreeingServers {
  let requests = 0;
  let bytes = 0;
  let head: Head | undefined;

  function atRelay(request: RelayRequest): RelayResponse | undefined {
    switch (request.kind) {
      case "append":
        bytes += request.value.body.length;
        return { kind: "appended", value: { seq: 1 } };
      case "move":
        bytes += request.value.bundle.length;
        return { kind: "frozen", value: { last: 0 } };
      case "put":
        bytes += request.value.body.length;
        return { kind: "done", value: {} };
      case "read": {
        const nothing = { entries: [], last: 0, gone: 0, overflowed: false, version: 0 };
        return { kind: "entries", value: request.value.map(() => ({ kind: "batch", value: nothing })) };
      }
      case "create":
      case "rotate":
      case "trim":
      case "delete":
        return { kind: "done", value: {} };
      case "get":
        return undefined;
    }
  }

  function atVault(request: VaultRequest): VaultResponse | undefined {
    switch (request.kind) {
      case "blobPut":
        bytes += request.value.body.length;
        return { kind: "stored", value: { hash: sha256(request.value.body) } };
      case "headPut":
        bytes += request.value.body.length + 32 * request.value.keeps.length;
        head = request.value;
        return { kind: "accepted", value: { seq: head.seq } };
      case "headGet":
        return head === undefined ? undefined : { kind: "head", value: head };
      case "headList":
        return head === undefined ? undefined : { kind: "heads", value: { newest: head.seq, kept: [] } };
      case "blobGet":
        return undefined;
    }
  }

  return {
    requests: () => requests,
    bytes: () => bytes,
    relay: {
      call: async (_relay, kind, value) => {
        requests += 1;
        const answer = atRelay({ kind, value } as RelayRequest);
        if (answer === undefined) return err({ code: "refused", refusal: "not-found", detail: "", retryAfter: undefined });
        return ok(answer) as Result<RelayAnswer<typeof kind>, RelayError>;
      },
      watch: () => ({ ended: Promise.resolve(), close: () => undefined }),
    },
    vault: {
      call: async (_vault, kind, value) => {
        requests += 1;
        const answer = atVault({ kind, value } as VaultRequest);
        if (answer === undefined) return err({ code: "refused", refusal: "not-found", detail: "", retryAfter: undefined });
        return ok(answer) as Result<VaultAnswer<typeof kind>, VaultError>;
      },
    },
  };
}
