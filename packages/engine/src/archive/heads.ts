/** Looking at heads of an archive with whatever opens them: each head, wrapping and segment is fetched once. */
import { type Bytes, equalBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { type Change, type DecryptAge, type Head, type HeadBody, noHead, unwrapEpochKeys } from "@photon/protocol/archive";
import type { PhotonError } from "../errors.ts";
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
export type Keyring = (vault: Vault, body: HeadBody) => Promise<Result<Found, PhotonError>>;

/** Of whoever knows the epochs: a device of the circle needs no wrapping. */
export const keysKeyring =
  (keys: EpochKeys): Keyring =>
  async (_vault, { epoch }) =>
    ok(keys.has(epoch) ? { kind: "keys", keys } : { kind: "closed" });

export const circleKeyring = (location: Located): Keyring => keysKeyring(epochKeysOf(location));

/** Of an opener: by the wrapping that the head names. */
export function openerKeyring(decryptAge: DecryptAge): Keyring {
  const unwrapped = new Map<string, Found>();
  const unwrap = async (vault: Vault, wraps: Bytes): Promise<Result<Found, PhotonError>> => {
    const file = await vault.blob(wraps);
    if (!file.ok && file.error.refusal !== "not-found") return err(file.error.problem);
    if (!file.ok) return ok({ kind: "damaged", problem: damaged("the wrapping of its keys is missing") });
    if (!equalBytes(hashOf(file.value), wraps))
      return ok({ kind: "damaged", problem: damaged("the wrapping of its keys was changed") });
    const keys = await unwrapEpochKeys(file.value, decryptAge);
    return ok(keys.ok ? { kind: "keys", keys: keys.value } : { kind: "closed" });
  };
  return async (vault, { wraps }) => {
    const held = unwrapped.get(toHex(wraps));
    if (held !== undefined) return ok(held);
    const found = await unwrap(vault, wraps);
    if (found.ok) unwrapped.set(toHex(wraps), found.value);
    return found;
  };
}

export type HeadView =
  | { readonly kind: "opened"; readonly opened: OpenedHead; readonly keys: EpochKeys }
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
  readonly bytes: number;
}

export interface ReadSegment {
  readonly ref: SegmentRef;
  readonly content: SegmentContent;
  readonly changes: readonly Change[];
}

/** In the order of the segments; each of those that several heads share once. */
export function changesIn(all: readonly Contents[]): readonly Change[] {
  const segments = new Map(all.flatMap((one) => one.segments.map((segment) => [toHex(segment.ref.hash), segment] as const)));
  return [...segments.values()].flatMap(({ changes }) => changes);
}

export interface HeadReader {
  /** The newest head, or the one of that number; undefined where the vault has none. */
  view(seq?: number): Promise<Result<HeadView | undefined, PhotonError>>;
  /**
   * Reads what a head holds. @param limit bytes; undefined for one that holds more. @param onProgress is told 0 to 1.
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
    const found = await keyring(vault, body.value);
    if (!found.ok) return found;
    switch (found.value.kind) {
      case "closed":
        return ok({ kind: "closed", head });
      case "damaged":
        return ok({ kind: "damaged", head, problem: found.value.problem });
      case "keys": {
        const { keys } = found.value;
        const opened = openHead(head, body.value, keys);
        return ok(opened.ok ? { kind: "opened", opened: opened.value, keys } : { kind: "damaged", head, problem: opened.error });
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
      let bytes = 0;
      for (const [index, ref] of named.entries()) {
        const name = toHex(ref.hash);
        const segment = segments.get(name) ?? (await readSegment(vault, ref, keys));
        switch (segment.kind) {
          case "unreachable":
            return err(segment.problem);
          case "damaged":
            problems.push(segment.problem);
            break;
          case "read":
            bytes += segment.segment.content.size;
            if (bytes > limit) return ok(undefined);
            read.push({ ref, ...segment.segment });
        }
        segments.set(name, segment);
        onProgress((index + 1) / named.length);
      }
      return ok({ segments: read, problems, bytes });
    },
  };
}
