/** The vault as the archive asks it: one register at one vault, answers checked, failures as what a person is told. */
import { asBytes, type Bytes, equalBytes, err, ok, type Result, sha256 } from "@photon/protocol/codec";
import {
  type Head,
  type KeptHeads,
  signBlobPut,
  type SignBySeed,
  type VaultRefusal,
  verifyHeadPut,
} from "@photon/protocol/archive";
import { type PhotonError, photonError } from "../errors.ts";
import type { BlobStore, VaultError } from "../ports/index.ts";

/** One register at one vault, by the vault's origin. */
export interface ArchivePlace {
  readonly vault: string;
  readonly register: Bytes;
}

export interface VaultFailure {
  /** Why the vault said no; undefined where it said nothing, or nothing that can be believed. */
  readonly refusal: VaultRefusal | undefined;
  readonly problem: PhotonError;
}
type Answer<T> = Promise<Result<T, VaultFailure>>;

export interface Vault {
  /** The newest head, or the one of that number, its signature verified by the key that it names; undefined where there is none. */
  head(seq?: number): Answer<Head | undefined>;
  /** Which heads the vault says that it keeps; undefined where it has none. */
  heads(): Answer<KeptHeads | undefined>;
  /** Whatever the vault has under that name; the caller compares. */
  blob(hash: Bytes): Answer<Bytes>;
  /** @returns the blob's hash. */
  keep(body: Bytes, seed: Bytes): Answer<Bytes>;
  advance(head: Head): Answer<void>;
}

export const damaged = (detail: string): PhotonError => photonError("archive-damaged", detail);

export function vaultAt(blobs: BlobStore, { vault, register }: ArchivePlace, sign?: SignBySeed): Vault {
  const failed = (error: VaultError): { readonly ok: false; readonly error: VaultFailure } => err(failureOf(vault, error));
  return {
    head: async (seq) => {
      const answer = await blobs.call(vault, "headGet", { register, seq });
      if (!answer.ok) return isNotFound(answer.error) ? ok(undefined) : failed(answer.error);
      const head = answer.value.value;
      return equalBytes(head.register, register) && (seq === undefined || head.seq === seq) && verifyHeadPut(head)
        ? ok(head)
        : err({ refusal: undefined, problem: damaged("the vault's head is not signed by its key, or not ours") });
    },
    heads: async () => {
      const answer = await blobs.call(vault, "headList", { register });
      if (!answer.ok) return isNotFound(answer.error) ? ok(undefined) : failed(answer.error);
      return ok(answer.value.value);
    },
    blob: async (hash) => {
      const answer = await blobs.call(vault, "blobGet", { hash });
      return answer.ok ? ok(answer.value.value.body) : failed(answer.error);
    },
    keep: async (body, seed) => {
      const answer = await blobs.call(vault, "blobPut", signBlobPut(seed, { register, body }, sign));
      if (!answer.ok) return failed(answer.error);
      const hash = asBytes(sha256(body));
      return equalBytes(answer.value.value.hash, hash)
        ? ok(hash)
        : err({ refusal: undefined, problem: damaged("the vault stored other bytes than it was given") });
    },
    advance: async (head) => {
      const answer = await blobs.call(vault, "headPut", head);
      return answer.ok ? ok(undefined) : failed(answer.error);
    },
  };
}

const isNotFound = (error: VaultError): boolean => error.code === "refused" && error.refusal === "not-found";

export function failureOf(vault: string, error: VaultError): VaultFailure {
  switch (error.code) {
    case "unreachable":
      return { refusal: undefined, problem: photonError("vault-unreachable", `${vault}: ${error.detail}`) };
    case "wrong-server":
      return { refusal: undefined, problem: photonError("wrong-server", `${vault}: ${error.detail}`) };
    case "refused":
      return {
        refusal: error.refusal,
        problem: photonError("vault-refused", `${vault}: ${error.refusal}${error.detail === "" ? "" : `: ${error.detail}`}`),
      };
  }
}
