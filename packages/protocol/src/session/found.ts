/**
 * Founding: the founder alone in epoch 0, then one commit that adds all the others, sorted by their leaf ids, so that the
 * place of every member follows from the member list. The commit itself is kept by nobody; the Welcome says all.
 */
import { type ClientState, createGroup } from "ts-mls/clientState.js";
import { createCommit, type CreateCommitResult } from "ts-mls/createCommit.js";
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import { encodeWelcome } from "ts-mls/welcome.js";
import {
  asBytes,
  type Bytes,
  compareBytes,
  decodeError,
  type DecodeError,
  equalBytes,
  err,
  ok,
  ownBytes,
  type Result,
} from "../codec/index.ts";
import type { GroupId } from "../statement/index.ts";
import { type CheckedKeyPackage, checkKeyPackage } from "./key-package.ts";
import { capabilities, credentialOf, lifetime } from "./leaf-node.ts";
import { clientConfig, generationFrom, thrown } from "./library.ts";
import { isStrictlySorted, maxMembers } from "./state.ts";
import { erase } from "./suite.ts";
import type { Founded, LeafKeys } from "./types.ts";

export async function found(
  suite: CiphersuiteImpl,
  group: GroupId,
  self: LeafKeys,
  others: readonly Bytes[],
): Promise<Result<Founded, DecodeError>> {
  if (others.length >= maxMembers) return err(decodeError("out-of-range", `${others.length + 1} members, at most ${maxMembers}`));
  const checked: CheckedKeyPackage[] = [];
  for (const other of others) {
    const one = await checkKeyPackage(suite, other);
    if (!one.ok) return one;
    checked.push(one.value);
  }
  checked.sort((a, b) => compareBytes(a.leaf, b.leaf));
  const leaves = [self.id, ...checked.map((one) => one.leaf)];
  if (!isStrictlySorted(leaves.slice(1)) || checked.some((one) => equalBytes(one.leaf, self.id))) {
    return err(decodeError("wrong-shape", "two key packages of one leaf"));
  }

  const alone = await foundAlone(suite, group, self);
  if (checked.length === 0) return ok({ generation: generationFrom(alone, group, self, leaves), welcome: new Uint8Array(0) });

  let committed: CreateCommitResult;
  try {
    committed = await createCommit(
      { state: alone, cipherSuite: suite },
      {
        extraProposals: checked.map(({ library }) => ({ proposalType: "add", add: { keyPackage: library } })),
        ratchetTreeExtension: true,
      },
    );
  } catch (error) {
    return err(decodeError("out-of-range", `key packages: ${thrown(error)}`)); // such as 1216 bytes that are no X-Wing key
  }
  if (committed.welcome === undefined) throw new Error("the library made no Welcome");
  erase(committed.consumed);
  return ok({
    generation: generationFrom(committed.newState, group, self, leaves),
    welcome: asBytes(encodeWelcome(committed.welcome)),
  });
}

/** Epoch 0. The founder needs a leaf node only: nobody adds it, so there is no init key and no package to sign. */
async function foundAlone(suite: CiphersuiteImpl, group: GroupId, self: LeafKeys): Promise<ClientState> {
  const seed = ownBytes(self.seed);
  const encryption = await suite.hpke.generateKeyPair();
  const leafNode = await signLeafNodeKeyPackage(
    {
      leafNodeSource: "key_package",
      hpkePublicKey: await suite.hpke.exportPublicKey(encryption.publicKey),
      signaturePublicKey: self.id,
      credential: credentialOf(self.id),
      capabilities,
      lifetime,
      extensions: [],
    },
    seed,
    suite.signature,
  );
  const none = new Uint8Array(0);
  return createGroup(
    ownBytes(group),
    { version: "mls10", cipherSuite: suite.name, initKey: none, leafNode, extensions: [], signature: none },
    { initPrivateKey: none, hpkePrivateKey: await suite.hpke.exportPrivateKey(encryption.privateKey), signaturePrivateKey: seed },
    [],
    suite,
    clientConfig,
  );
}
