/**
 * What a frozen queue hands to later appenders: the statements by which it was moved, sealed to the leaves that were live
 * then, by their last-resort packages. So the device that was retired, which knew every shared key of the old queue,
 * learns nothing of the new one; and a peer or sibling who was away finds the way (spec/05-queue.md, "Moving").
 */
import {
  bytes,
  type Bytes,
  decode,
  type DecodeError,
  encode,
  list,
  optional,
  type Result,
  type SchemaType,
  struct,
} from "@photon/protocol/codec";
import { type LineageState, liveLeaves } from "@photon/protocol/lineage";
import { type LeafId, idKey } from "@photon/protocol/statement";
import { leafKeys } from "../relationship/leaves.ts";
import { inboxSecretSchema } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";

const sealedSchema = struct({ peer: [1, bytes({ max: 48 * 1024 })], own: [2, bytes({ max: 48 * 1024 })] });
const contentSchema = struct({
  statements: [1, list(bytes({ min: 1, max: 96 * 1024 }), { max: 64 })],
  /** Only for the owner's own devices. */
  inbox: [2, optional(inboxSecretSchema)],
});
export type BundleContent = SchemaType<typeof contentSchema>;

const context = "photon/bundle/1";
const maxContent = 40 * 1024;

export async function sealBundle(
  work: Work,
  audience: { readonly peer: LineageState | undefined; readonly mine: LineageState; readonly self: LeafId },
  content: { readonly peer: BundleContent; readonly own: BundleContent },
): Promise<Bytes> {
  const siblings = liveLeaves(audience.mine).filter(({ leaf }) => idKey(leaf.id) !== idKey(audience.self));
  const peers = audience.peer === undefined ? [] : liveLeaves(audience.peer);
  const part = async (packages: readonly Bytes[], value: BundleContent): Promise<Bytes> => {
    if (packages.length === 0) return new Uint8Array(0);
    const sealed = await work.session.sealToPackages(packages, context, encode(contentSchema, value));
    if (!sealed.ok) throw new Error(`a live leaf's package was refused: ${sealed.error.code} ${sealed.error.detail}`);
    return sealed.value;
  };
  return encode(sealedSchema, {
    peer: await part(
      peers.map(({ leaf }) => leaf.lastResort),
      content.peer,
    ),
    own: await part(
      siblings.map(({ leaf }) => leaf.lastResort),
      content.own,
    ),
  });
}

/** @param whose whether the frozen queue is the peer's (we deposit there) or our own. */
export async function openBundle(
  work: Work,
  bundle: Bytes,
  whose: "peer" | "own",
  leaf: LeafId,
): Promise<Result<BundleContent, DecodeError>> {
  const sealed = decode(sealedSchema, bundle, 64 * 1024);
  if (!sealed.ok) return sealed;
  const keys = await leafKeys(work, leaf);
  if (keys === undefined) throw new Error("no keys for our own leaf");
  // In the owner's eyes we are the peer where the queue is the peer's.
  const opened = await work.session.openWithPackage(
    whose === "peer" ? sealed.value.peer : sealed.value.own,
    keys.lastResort,
    context,
  );
  return opened.ok ? decode(contentSchema, opened.value, maxContent) : opened;
}
