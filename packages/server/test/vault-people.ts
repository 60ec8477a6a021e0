/** Registers, heads and blobs for tests. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { httpBlobStore } from "@photon/engine/adapters/http";
import {
  type Head,
  headHash,
  type KeptHeads,
  noHead,
  signBlobPut,
  signHeadPut,
  type VaultRequest,
  type VaultResponse,
} from "@photon/protocol/archive";
import type { VaultError } from "@photon/engine/ports";
import { asBytes, type Bytes, type Result } from "@photon/protocol/codec";
import { random } from "./people.ts";

const vault = httpBlobStore();
type ValueOf<K extends VaultRequest["kind"]> = Extract<VaultRequest, { kind: K }>["value"];

const anyCall = vault.call as (
  url: string,
  kind: VaultRequest["kind"],
  value: unknown,
) => Promise<Result<VaultResponse, VaultError>>;

/** The answer's kind, or the refusal's code. */
export async function vaultOutcome<K extends VaultRequest["kind"]>(url: string, kind: K, value: ValueOf<K>): Promise<string> {
  const answer: Result<VaultResponse, VaultError> = await anyCall(url, kind, value);
  if (answer.ok) return answer.value.kind;
  return answer.error.code === "refused" ? answer.error.refusal : answer.error.code;
}

export async function blobOf(url: string, hash: Bytes): Promise<Bytes | string> {
  const answer = await vault.call(url, "blobGet", { hash });
  if (answer.ok) return answer.value.value.body;
  return answer.error.code === "refused" ? `${answer.error.refusal}: ${answer.error.detail}` : answer.error.code;
}

export async function headOf(url: string, register: Bytes, seq?: number): Promise<Head | undefined> {
  const answer = await vault.call(url, "headGet", { register, seq });
  return answer.ok ? answer.value.value : undefined;
}

export async function headsOf(url: string, register: Bytes): Promise<KeptHeads | undefined> {
  const answer = await vault.call(url, "headList", { register });
  return answer.ok ? answer.value.value : undefined;
}

export interface TestKey {
  readonly seed: Bytes;
  readonly key: Bytes;
}
export function newKey(): TestKey {
  const seed = random(32);
  return { seed, key: asBytes(ed25519.getPublicKey(seed)) };
}

export function headAfter(
  previous: Head | undefined,
  register: Bytes,
  signer: TestKey,
  parts: { readonly keeps?: readonly Bytes[]; readonly body?: Bytes; readonly nextKey?: Bytes } = {},
): Head {
  return signHeadPut(signer.seed, {
    register,
    seq: (previous?.seq ?? 0) + 1,
    previous: previous === undefined ? noHead : headHash(previous),
    body: parts.body ?? random(100),
    writeKey: signer.key,
    nextKey: parts.nextKey,
    keeps: parts.keeps ?? [],
  });
}

export async function storedBlob(url: string, register: Bytes, signer: TestKey, body: Bytes = random(2000)): Promise<Bytes> {
  const answer = await vault.call(url, "blobPut", signBlobPut(signer.seed, { register, body }));
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value.value.hash;
}
