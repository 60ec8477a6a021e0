/**
 * Welcome, GroupSecrets and GroupInfo (RFC 9420 §12.4.3) in the one form that `found` makes. All lengths follow from the
 * number of members, so everything is checked byte for byte before the library sees any of it:
 *
 * | structure    | must be                                                                                             |
 * | ------------ | --------------------------------------------------------------------------------------------------- |
 * | Welcome      | our suite; one distinct entry for each member but the founder; nothing after the end                |
 * | GroupSecrets | a joiner secret; no path secret (the commit has no path), no pre-shared keys                        |
 * | GroupInfo    | mls10, our suite, the expected group id, epoch 1; no group extensions; ratchet_tree and no other    |
 * |              | extension (so no external_pub); signer leaf 0                                                       |
 * | ratchet tree | leaves at the first places, all from key packages as in leaf-node.ts: the founder, then the others  |
 * |              | sorted; every parent blank                                                                          |
 */
import { type Bytes, decodeError, type DecodeError, equalBytes, err, type Result, toHex } from "../codec/index.ts";
import type { GroupId, LeafId } from "../statement/index.ts";
import { leafNodeSize, readLeafNode } from "./leaf-node.ts";
import { hashSize, kemOutputSize, signatureSize, tagSize, versionAndSuite } from "./suite.ts";
import { TlsReader, vectorSize } from "./tls.ts";

const groupSecretsSize = vectorSize(hashSize) + 1 + 1;
const entrySize = vectorSize(hashSize) + vectorSize(kemOutputSize) + vectorSize(groupSecretsSize + tagSize);
const treeSize = (members: number): number => members * (2 + leafNodeSize) + (members - 1);
const groupInfoSize = (members: number): number => {
  const context = versionAndSuite.length + vectorSize(32) + 8 + vectorSize(hashSize) + vectorSize(hashSize) + 1;
  const extensions = vectorSize(2 + vectorSize(vectorSize(treeSize(members))));
  return context + extensions + vectorSize(hashSize) + 4 + vectorSize(signatureSize);
};
/** The one length that a Welcome for so many members can have. */
export const welcomeSize = (members: number): number =>
  2 + vectorSize((members - 1) * entrySize) + vectorSize(groupInfoSize(members) + tagSize);

export interface WelcomeEntry {
  /** The MLS reference of the member's key package. */
  readonly member: Bytes;
  readonly kemOutput: Bytes;
  readonly ciphertext: Bytes;
}
export interface WelcomeParts {
  readonly entries: readonly WelcomeEntry[];
  readonly encryptedGroupInfo: Bytes;
}

/** @param members how many the group must have, the founder included. */
export function readWelcome(source: Bytes, members: number): Result<WelcomeParts, DecodeError> {
  const size = welcomeSize(members);
  if (source.length > size) return err(decodeError("too-long", `Welcome: ${source.length} bytes, not ${size}`));
  const reader = new TlsReader(source, "Welcome");
  reader.constant(versionAndSuite.subarray(2), "suite", "unknown-suite");
  if (reader.length(size, "entries") !== (members - 1) * entrySize) reader.refuse("wrong-shape", "not one entry for each member");
  const entries: WelcomeEntry[] = [];
  for (let i = 1; i < members && !reader.failed(); i++) {
    entries.push({
      member: reader.vector(hashSize, "member reference"),
      kemOutput: reader.vector(kemOutputSize, "encapsulation"),
      ciphertext: reader.vector(groupSecretsSize + tagSize, "group secrets"),
    });
  }
  const distinct = new Set(entries.map((entry) => toHex(entry.member)));
  if (!reader.failed() && distinct.size !== members - 1) reader.refuse("wrong-shape", "two entries for one member");
  const encryptedGroupInfo = reader.vector(groupInfoSize(members) + tagSize, "group info");
  return reader.finish(() => ({ entries, encryptedGroupInfo }));
}

/** @returns the joiner secret. */
export function readGroupSecrets(source: Bytes): Result<Bytes, DecodeError> {
  const reader = new TlsReader(source, "group secrets");
  const joinerSecret = reader.vector(hashSize, "joiner secret");
  reader.constant(absent, "a path secret");
  reader.constant(absent, "pre-shared keys");
  return reader.finish(() => joinerSecret);
}
const absent = new Uint8Array([0x00]);

const epochOne = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1]);
const ratchetTreeExtension = new Uint8Array([0x00, 0x02]);
const presentLeaf = new Uint8Array([0x01, 0x01]);
const founderIndex = new Uint8Array([0, 0, 0, 0]);

/** @param leaves the members by leaf index: the founder, then the others sorted. */
export function checkGroupInfo(source: Bytes, group: GroupId, leaves: readonly LeafId[]): Result<void, DecodeError> {
  const reader = new TlsReader(source, "group info");
  reader.constant(versionAndSuite, "version or suite", "unknown-suite");
  if (!equalBytes(reader.vector(32, "group id"), group)) reader.refuse("wrong-shape", "another group id");
  reader.constant(epochOne, "an epoch other than 1");
  reader.vector(hashSize, "tree hash");
  reader.vector(hashSize, "transcript hash");
  reader.constant(absent, "group extensions");
  const tree = treeSize(leaves.length);
  if (reader.length(source.length, "extensions") !== 2 + vectorSize(vectorSize(tree)))
    reader.refuse("wrong-shape", "extensions other than the tree");
  reader.constant(ratchetTreeExtension, "an extension other than the tree");
  if (reader.length(source.length, "tree extension") !== vectorSize(tree)) reader.refuse("wrong-shape", "tree of another size");
  if (reader.length(source.length, "tree") !== tree) reader.refuse("wrong-shape", "tree of another size");
  for (const [index, leaf] of leaves.entries()) {
    if (reader.failed()) break;
    if (index > 0) reader.constant(absent, "a parent that is not blank");
    reader.constant(presentLeaf, "a leaf that is blank or no leaf");
    const found = readLeafNode(reader);
    if (!reader.failed() && !equalBytes(found.leaf, leaf)) reader.refuse("wrong-shape", `another member at place ${index}`);
  }
  reader.vector(hashSize, "confirmation tag");
  reader.constant(founderIndex, "a signer other than the founder");
  reader.vector(signatureSize, "signature");
  return reader.finish(() => undefined);
}
