/**
 * What a frozen queue hands to later appenders: the statements by which it was moved, sealed to the leaves that were live
 * then, by their last-resort packages. So the device that was retired, which knew every shared key of the old queue,
 * learns nothing of the new one; and a peer or sibling who was away finds the way (spec/10-circle.md, "Retiring").
 *
 * Around it lies the seal of the old queue's deposits: what is sealed to packages names them by their hashes, and two
 * bundles for one leaf would join the queues in the server's database.
 */
import {
  bytes,
  type Bytes,
  decode,
  type DecodeError,
  encode,
  expectOk,
  list,
  optional,
  type Result,
  type SchemaType,
  struct,
} from "@photon/protocol/codec";
import { type LineageState, liveLeaves } from "@photon/protocol/lineage";
import { openBucket, sealBucket } from "@photon/protocol/queue";
import { type Inbox, type LeafId, idKey } from "@photon/protocol/statement";
import { leafKeys } from "../relationship/leaves.ts";
import { inboxSecretSchema } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import type { Work } from "../storage/core.ts";
import { sealKeys } from "./inboxes.ts";

const sealedSchema = struct({ peer: [1, bytes({ max: 48 * 1024 })], own: [2, bytes({ max: 48 * 1024 })] });
const contentSchema = struct({
  statements: [1, list(bytes({ min: 1, max: 96 * 1024 }), { max: 64 })],
  /** Only for the owner's own devices. */
  inbox: [2, optional(inboxSecretSchema)],
});
export type BundleContent = SchemaType<typeof contentSchema>;

const label = "photon/bundle/1";
const maxContent = 40 * 1024;

/** @param queue the one that is frozen, with the keys in force there. */
export async function sealBundle(
  work: Work,
  queue: Inbox,
  audience: { readonly peer: LineageState | undefined; readonly mine: LineageState; readonly self: LeafId },
  content: { readonly peer: BundleContent; readonly own: BundleContent },
): Promise<Bytes> {
  const siblings = liveLeaves(audience.mine).filter(({ leaf }) => idKey(leaf.id) !== idKey(audience.self));
  const peers = audience.peer === undefined ? [] : liveLeaves(audience.peer);
  const part = async (packages: readonly Bytes[], value: BundleContent): Promise<Bytes> => {
    const content = encode(contentSchema, value);
    const all = packages.length === 0 ? undefined : await work.session.sealToPackages(packages, label, content);
    if (all?.ok === true) return all.value;
    // A leaf to which nothing can be sealed must not keep the others from finding the way.
    const usable: Bytes[] = [];
    for (const one of packages) if ((await work.session.sealToPackages([one], label, content)).ok) usable.push(one);
    return usable.length === 0 ? new Uint8Array(0) : expectOk(await work.session.sealToPackages(usable, label, content));
  };
  const parts = {
    peer: await part(
      peers.map(({ leaf }) => leaf.lastResort),
      content.peer,
    ),
    own: await part(
      siblings.map(({ leaf }) => leaf.lastResort),
      content.own,
    ),
  };
  return expectOk(sealBucket(queue.sealKey, label, encode(sealedSchema, parts), work.random(24)));
}

/** Seal keys under which a bundle of one of these queues may lie. */
function keysOf(relationship: Relationship, whose: "peer" | "own"): readonly Bytes[] {
  if (whose === "peer") return (relationship.peer?.state.inboxes ?? []).map(({ sealKey }) => sealKey).toReversed();
  return [...relationship.inboxes.values()].flatMap((secret) => sealKeys(relationship, secret)).toReversed();
}

/** Whether it was sealed by somebody who had the queue's keys: one of our own devices, not the relay. */
export const isBundleOf = (relationship: Relationship, bundle: Bytes): boolean =>
  openBucket(keysOf(relationship, "own"), label, bundle).ok;

/** @param whose whether the frozen queue is the peer's (we deposit there) or our own. */
export async function openBundle(
  work: Work,
  relationship: Relationship,
  bundle: Bytes,
  whose: "peer" | "own",
  leaf: LeafId,
): Promise<Result<BundleContent, DecodeError>> {
  const inner = openBucket(keysOf(relationship, whose), label, bundle);
  const sealed = inner.ok ? decode(sealedSchema, inner.value, 64 * 1024) : inner;
  if (!sealed.ok) return sealed;
  const keys = await leafKeys(work, leaf);
  if (keys === undefined) throw new Error("no keys for our own leaf");
  // In the owner's eyes we are the peer where the queue is the peer's.
  const opened = await work.session.openWithPackage(
    whose === "peer" ? sealed.value.peer : sealed.value.own,
    keys.lastResort,
    label,
  );
  return opened.ok ? decode(contentSchema, opened.value, maxContent) : opened;
}
