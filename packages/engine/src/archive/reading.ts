/** Reading an archive: the head's manifest, and its segments. Devices that were away and devices that are new read alike. */
import { type Bytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  type Change,
  type Head,
  type HeadBody,
  type Manifest,
  openManifest,
  openSegment,
  parseHead,
} from "@photon/protocol/archive";
import { policyOf } from "../circle/state.ts";
import type { PhotonError } from "../errors.ts";
import { fullSegment } from "./compaction.ts";
import { compartmentFor, compartmentOf } from "./compartments.ts";
import type { SegmentContent, SegmentRef } from "./known.ts";
import { damaged, type Vault } from "./vault.ts";

export interface OpenedHead {
  readonly head: Head;
  readonly body: HeadBody;
  readonly manifest: Manifest;
}

/** What of a head can be read without a key. */
export function headBody(head: Head): Result<HeadBody, PhotonError> {
  const body = parseHead(head.body);
  return body.ok ? body : err(damaged(`head ${head.seq}: ${body.error.detail}`));
}

/** @param keys the epoch keys at hand; the caller has made sure that the head's is among them. */
export function openHead(head: Head, body: HeadBody, keys: ReadonlyMap<number, Bytes>): Result<OpenedHead, PhotonError> {
  const key = keys.get(body.epoch);
  const manifest = key === undefined ? undefined : openManifest(key, body);
  return manifest?.ok === true ? ok({ head, body, manifest: manifest.value }) : err(damaged(`head ${head.seq} does not open`));
}

export interface SegmentRead {
  readonly changes: readonly Change[];
  readonly content: SegmentContent;
}

/**
 * Fetches and opens one segment. What it holds besides the archive's own kinds of entry is left out.
 * `unreachable` ends the reading; a `damaged` one is named, and the rest goes on.
 */
export async function readSegment(
  vault: Vault,
  ref: SegmentRef,
  keys: ReadonlyMap<number, Bytes>,
): Promise<
  | { readonly kind: "read"; readonly segment: SegmentRead }
  | { readonly kind: "damaged"; readonly problem: PhotonError }
  | { readonly kind: "unreachable"; readonly problem: PhotonError }
> {
  const { hash } = ref;
  const blob = await vault.blob(hash);
  const name = `segment ${toHex(hash).slice(0, 16)}`;
  if (!blob.ok) {
    return blob.error.refusal === "not-found"
      ? { kind: "damaged", problem: damaged(`${name} is missing`) }
      : { kind: "unreachable", problem: blob.error.problem };
  }
  const opened = openSegment(keys, blob.value, hash);
  if (!opened.ok) return { kind: "damaged", problem: damaged(`${name}: ${opened.error.detail}`) };
  // An entry in the wrong compartment is in hands that it is not for, or came from there.
  const changes = opened.value.changes.filter(
    (change) => policyOf(change.key).archive && compartmentFor(change) === compartmentOf(ref),
  );
  return { kind: "read", segment: { changes, content: contentOf(changes, blob.value.length) } };
}

export const contentOf = (changes: readonly Change[], size: number): SegmentContent => ({
  size,
  changes: changes.length,
  keys: size >= fullSegment ? [] : changes.map(({ key }) => key),
});
