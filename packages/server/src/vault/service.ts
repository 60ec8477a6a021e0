/**
 * The vault: content-addressed blobs and signed heads. What it answers about a register that does not exist and about one whose
 * key does not fit is the same. See spec/08-relay-and-vault.md.
 */
import { createHash } from "node:crypto";
import {
  headPutInput,
  headPutSchema,
  maxHead,
  type VaultRefusal,
  type VaultRequest,
  type VaultRequestOf,
  type VaultResponse,
} from "@photon/protocol/archive";
import { asBytes, decode, encode, equalBytes, expectOk } from "@photon/protocol/codec";
import { blobInput } from "../crypto/blob-input.ts";
import type { VerifyEd25519 } from "../crypto/ed25519.ts";
import { storageFailure } from "../db/failure.ts";
import type { VaultStore } from "./store.ts";
import type { VaultLimits, VaultWrite } from "./writes.ts";

export interface VaultService {
  /** Never rejects but for a bug. */
  handle(request: VaultRequest): Promise<VaultResponse>;
}

export interface VaultServiceOptions {
  readonly store: VaultStore;
  readonly verify: VerifyEd25519;
  readonly diskFull: () => boolean;
  readonly limits: VaultLimits;
  /** Called with the code of a failed file operation, or "damaged" when a blob on the disk is not what its name says. */
  readonly onFault: (code: string) => void;
}

export const refused = (code: VaultRefusal, detail = "", retryAfter?: number): VaultResponse => ({
  kind: "refused",
  value: { code, detail, retryAfter },
});
const forbidden = refused("forbidden");
const diskFull = refused("disk-full", "the vault has no space left; nothing was stored", 3600);
const missing = refused("not-found", "no such blob");
/** A head with its signature, keys and list of blobs. */
const maxStoredHead = maxHead + 256 * 40 + 512;
const maxAttempts = 4;

const sha256 = (body: Uint8Array): Uint8Array => createHash("sha256").update(body).digest();

export function vaultService({ store, verify, limits, onFault, diskFull: isFull }: VaultServiceOptions): VaultService {
  const submit = async (write: VaultWrite): Promise<VaultResponse | "done" | "stale"> => {
    const result = await store.committer.submit(write);
    if (result.kind === "failed") {
      switch (result.failure) {
        case "overloaded":
          return refused("overloaded", "more is waiting to be stored than this vault can take", 1);
        case "disk-full":
          return diskFull;
        case "internal":
          return refused("internal", "the vault could not store it", 5);
      }
    }
    const outcome = result.value;
    switch (outcome.kind) {
      case "done":
      case "swept":
        return "done";
      case "stale":
        return "stale";
      case "accepted":
        return { kind: "accepted", value: { seq: outcome.seq } };
      case "refused":
        return refused(outcome.code, outcome.detail, outcome.retryAfter);
    }
  };

  const blobPut = async (request: VaultRequestOf<"blobPut">): Promise<VaultResponse> => {
    const { register: id, body } = request;
    const hash = sha256(body);
    const input = blobInput(id, hash);
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const register = await store.register(id);
      if (register === undefined || !verify(register.write_key, input, request.signature)) return forbidden;
      // Before anything is written; the transaction decides again.
      if (register.bytes + body.length > limits.quotaBytes && !(await store.leased(hash))) {
        return refused("quota-exceeded", "this register holds all it may");
      }
      const answer = await store.lock.run(hash, async () => {
        const failed = await keep(hash, body);
        if (failed !== undefined) return failed;
        const leased = await submit({ kind: "lease", register: id, provedBy: register.write_key, hash, size: body.length });
        if (leased !== "done" && !(await store.leased(hash))) await store.blobs.remove(hash);
        return leased;
      });
      if (answer === "done") return { kind: "stored", value: { hash: asBytes(hash) } };
      if (answer !== "stale") return answer;
    }
    return refused("conflict", "the register's key is changing too fast", 1);
  };

  /** The blob on the disk, written again only where it is not there whole. */
  const keep = async (hash: Uint8Array, body: Uint8Array): Promise<VaultResponse | undefined> => {
    try {
      const there = await store.blobs.get(hash);
      if (there === undefined || !equalBytes(there, body)) await store.blobs.put(hash, body);
      return undefined;
    } catch (error) {
      onFault(storageFailure(error));
      return storageFailure(error) === "disk-full" ? diskFull : refused("internal", "the vault could not store it", 5);
    }
  };

  const blobGet = async ({ hash }: VaultRequestOf<"blobGet">): Promise<VaultResponse> => {
    if (!(await store.leased(hash))) return missing;
    const body = await store.blobs.get(hash);
    if (body === undefined || !equalBytes(sha256(body), hash)) {
      onFault("damaged");
      return refused("not-found", "the blob was here and is damaged");
    }
    return { kind: "blob", value: { body: asBytes(body) } };
  };

  const headPut = async (head: VaultRequestOf<"headPut">): Promise<VaultResponse> => {
    if (!verify(head.writeKey, headPutInput(head), head.signature)) return forbidden;
    const body = encode(headPutSchema, head);
    const answer = await submit({ kind: "head", head, body, hash: sha256(body) });
    if (answer === "done" || answer === "stale") throw new Error("a head is accepted or refused");
    return answer;
  };

  const headGet = async ({ register, seq }: VaultRequestOf<"headGet">): Promise<VaultResponse> => {
    const body = await store.head(register, seq);
    if (body === undefined) return refused("not-found", "no such head");
    return { kind: "head", value: expectOk(decode(headPutSchema, body, maxStoredHead)) };
  };

  const headList = async ({ register }: VaultRequestOf<"headList">): Promise<VaultResponse> => {
    const heads = await store.heads(register);
    return heads === undefined ? refused("not-found", "no such head") : { kind: "heads", value: heads };
  };

  return {
    handle: (request) => {
      switch (request.kind) {
        case "blobPut":
          return isFull() ? Promise.resolve(diskFull) : blobPut(request.value);
        case "blobGet":
          return blobGet(request.value);
        case "headPut":
          return isFull() ? Promise.resolve(diskFull) : headPut(request.value);
        case "headGet":
          return headGet(request.value);
        case "headList":
          return headList(request.value);
      }
    },
  };
}
