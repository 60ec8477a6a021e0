/** Looking at heads of an archive with whatever opens them: each head, wrapping and segment is fetched once. */
import { type Bytes, equalBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  type Change,
  type DecryptAge,
  type Head,
  type HeadBody,
  type Manifest,
  noHead,
  unwrapEpochKeys,
} from "@photon/protocol/archive";
import type { PhotonError } from "../errors.ts";
import { type CompartmentKeys, compartmentOf } from "./compartments.ts";
import type { SegmentContent, SegmentRef } from "./known.ts";
import { hashOf } from "./identity.ts";
import { epochKeysOf, type Located } from "./location.ts";
import { headBody, openHead, type OpenedHead, readSegment } from "./reading.ts";
import { damaged, type Vault } from "./vault.ts";

type EpochKeys = ReadonlyMap<number, Bytes>;
/** The epoch keys by which a head opens, or why there are none: `closed` if they are not for this opener. */
type Found =
  | { readonly kind: "keys"; readonly keys: EpochKeys }
  | { readonly kind: "closed" }
  | { readonly kind: "damaged"; readonly problem: PhotonError };

export interface Keyring {
  keys(vault: Vault, body: HeadBody): Promise<Result<Found, PhotonError>>;
  /** Of the compartment `authority`. */
  authority(vault: Vault, manifest: Manifest): Promise<Result<Found, PhotonError>>;
}

/** Of whoever knows the epochs: a device of the circle needs no wrapping. */
export const keysKeyring = (keys: EpochKeys, authority?: EpochKeys): Keyring => ({
  keys: async (_vault, { epoch }) => ok(keys.has(epoch) ? { kind: "keys", keys } : { kind: "closed" }),
  authority: async () => ok(authority === undefined ? { kind: "closed" } : { kind: "keys", keys: authority }),
});

export const circleKeyring = (located: Located): Keyring =>
  keysKeyring(epochKeysOf(located), located.authority === undefined ? undefined : epochKeysOf(located.authority));

/** Of an opener: by the wrapping that the head names. */
export function openerKeyring(decryptAge: DecryptAge): Keyring {
  const unwrapped = new Map<string, Found>();
  const fetched = async (vault: Vault, wraps: Bytes): Promise<Result<Found, PhotonError>> => {
    const file = await vault.blob(wraps);
    if (!file.ok && file.error.refusal !== "not-found") return err(file.error.problem);
    if (!file.ok) return ok({ kind: "damaged", problem: damaged("the wrapping of its keys is missing") });
    if (!equalBytes(hashOf(file.value), wraps))
      return ok({ kind: "damaged", problem: damaged("the wrapping of its keys was changed") });
    const keys = await unwrapEpochKeys(file.value, decryptAge);
    return ok(keys.ok ? { kind: "keys", keys: keys.value } : { kind: "closed" });
  };
  const unwrap = async (vault: Vault, wraps: Bytes): Promise<Result<Found, PhotonError>> => {
    const held = unwrapped.get(toHex(wraps));
    if (held !== undefined) return ok(held);
    const found = await fetched(vault, wraps);
    if (found.ok) unwrapped.set(toHex(wraps), found.value);
    return found;
  };
  return {
    keys: (vault, { wraps }) => unwrap(vault, wraps),
    authority: async (vault, { authority }) => (authority === undefined ? ok({ kind: "closed" }) : unwrap(vault, authority.wraps)),
  };
}

export type HeadView =
  | { readonly kind: "opened"; readonly opened: OpenedHead; readonly keys: CompartmentKeys }
  /** The register was begun with it, and holds nothing yet. */
  | { readonly kind: "blank"; readonly head: Head }
  | { readonly kind: "closed"; readonly head: Head }
  | { readonly kind: "damaged"; readonly head: Head; readonly problem: PhotonError };

/** What a head's segments hold together. */
export interface Contents {
  readonly segments: readonly ReadSegment[];
  /** Segments that could not be read. */
  readonly problems: readonly PhotonError[];
  /** Of the blobs. */
  /** What all of it takes in memory, in bytes. */
  readonly weight: number;
}

export interface ReadSegment {
  readonly ref: SegmentRef;
  readonly content: SegmentContent;
  readonly changes: readonly Change[];
}

/** An entry takes so much beyond its bytes: many small ones take twenty times what a segment of them does. */
const entryWeight = 512;
export const weightOf = (bytes: number, entries: number): number => bytes + entryWeight * entries;

/**
 * What a head may take that is looked at only to be compared: as much as ten thousand relationships that were begun, or imported, within
 * the days of grace, several times over. A thief may have filled the register, and name all of it in one head.
 */
export const roomFor = (weight: number): number => 512 * 1024 * 1024 + 4 * weight;

/** In the order of the segments; each of those that several heads share once. */
export function changesIn(all: readonly Contents[]): readonly Change[] {
  const segments = new Map(all.flatMap((one) => one.segments.map((segment) => [toHex(segment.ref.hash), segment] as const)));
  return [...segments.values()].flatMap(({ changes }) => changes);
}

export interface HeadReader {
  /** The newest head, or the one of that number; undefined where the vault has none. */
  view(seq?: number): Promise<Result<HeadView | undefined, PhotonError>>;
  /**
   * Reads what a head holds. @param limit bytes in memory; undefined for one that takes more. @param onProgress is told 0 to 1.
   */
  contents(
    view: Extract<HeadView, { kind: "opened" }>,
    options?: { readonly limit?: number; readonly onProgress?: (part: number) => void },
  ): Promise<Result<Contents | undefined, PhotonError>>;
}

export function headReader(vault: Vault, keyring: Keyring): HeadReader {
  const views = new Map<number, HeadView>();
  const segments = new Map<string, Awaited<ReturnType<typeof readSegment>>>();

  const look = async (head: Head): Promise<Result<HeadView, PhotonError>> => {
    const body = headBody(head);
    if (!body.ok) return ok({ kind: "damaged", head, problem: body.error });
    if (equalBytes(body.value.wraps, noHead)) return ok({ kind: "blank", head });
    const found = await keyring.keys(vault, body.value);
    if (!found.ok) return found;
    switch (found.value.kind) {
      case "closed":
        return ok({ kind: "closed", head });
      case "damaged":
        return ok({ kind: "damaged", head, problem: found.value.problem });
      case "keys": {
        const opened = openHead(head, body.value, found.value.keys);
        if (!opened.ok) return ok({ kind: "damaged", head, problem: opened.error });
        const authority = await keyring.authority(vault, opened.value.manifest);
        if (!authority.ok) return authority;
        const keys = {
          relationships: found.value.keys,
          authority: authority.value.kind === "keys" ? authority.value.keys : undefined,
        };
        return ok({ kind: "opened", opened: opened.value, keys });
      }
    }
  };

  return {
    view: async (seq) => {
      const held = seq === undefined ? undefined : views.get(seq);
      if (held !== undefined) return ok(held);
      const head = await vault.head(seq);
      // What a vault shows in the place of an older head, and is none of ours, is as good as none.
      if (!head.ok)
        return seq !== undefined && head.error.problem.code === "archive-damaged" ? ok(undefined) : err(head.error.problem);
      if (head.value === undefined) return ok(undefined);
      const view = await look(head.value);
      if (view.ok) views.set(head.value.seq, view.value);
      return view;
    },
    contents: async ({ opened, keys }, { limit = Number.POSITIVE_INFINITY, onProgress = () => undefined } = {}) => {
      const named = opened.manifest.segments;
      const read: ReadSegment[] = [];
      const problems: PhotonError[] = [];
      let weight = 0;
      for (const [index, ref] of named.entries()) {
        const name = toHex(ref.hash);
        const own = keys[compartmentOf(ref)];
        // A compartment that is not for this opener.
        if (own === undefined) continue;
        const segment = segments.get(name) ?? (await readSegment(vault, ref, own));
        switch (segment.kind) {
          case "unreachable":
            return err(segment.problem);
          case "damaged":
            problems.push(segment.problem);
            break;
          case "read":
            weight += weightOf(segment.segment.content.size, segment.segment.changes.length);
            if (weight > limit) return ok(undefined);
            read.push({ ref, ...segment.segment });
        }
        segments.set(name, segment);
        onProgress((index + 1) / named.length);
      }
      return ok({ segments: read, problems, weight });
    },
  };
}
