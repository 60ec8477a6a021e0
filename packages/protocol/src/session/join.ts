/**
 * Joining: the Welcome is parsed, opened and checked by our own bounded parsers first; only then does the library verify
 * signatures, tree hash and confirmation tag and derive the secrets; and what it derived is compared once more.
 */
import { type ClientState, joinGroup } from "ts-mls/clientState.js";
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { decryptWithLabel, type PrivateKey } from "ts-mls/crypto/hpke.js";
import { extractWelcomeSecret } from "ts-mls/groupInfo.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { decodeWelcome, welcomeKey, welcomeNonce } from "ts-mls/welcome.js";
import { asBytes, type Bytes, decodeError, type DecodeError, equalBytes, err, ok, ownBytes, type Result } from "../codec/index.ts";
import type { GroupId, LeafId } from "../statement/index.ts";
import { type CheckedKeyPackage, checkKeyPackage, decodeKeyPackageSecrets, type KeyPackageSecrets } from "./key-package.ts";
import { clientConfig, generationFrom, thrown } from "./library.ts";
import { at, isStrictlySorted, maxMembers } from "./state.ts";
import { erase, hashSize } from "./suite.ts";
import type { Generation, KeyPackagePair, LeafKeys } from "./types.ts";
import { checkGroupInfo, readGroupSecrets, readWelcome, type WelcomeEntry, type WelcomeParts } from "./welcome.ts";

export interface Expected {
  readonly group: GroupId;
  readonly members: readonly LeafId[];
  readonly founder: LeafId;
}
interface Candidate {
  readonly pair: KeyPackagePair;
  readonly entry: WelcomeEntry;
  readonly checked: CheckedKeyPackage;
  readonly secrets: KeyPackageSecrets;
}

export async function join(
  suite: CiphersuiteImpl,
  source: Bytes,
  self: LeafKeys,
  packages: readonly KeyPackagePair[],
  expected: Expected,
): Promise<Result<{ readonly generation: Generation; readonly used: KeyPackagePair }, DecodeError>> {
  const leaves = leafOrder(self, expected);
  if (!leaves.ok) return leaves;
  const held = ownBytes(source);
  const welcome = readWelcome(held, leaves.value.length);
  if (!welcome.ok) return welcome;
  const candidate = await findCandidate(suite, welcome.value, self, packages);
  if (!candidate.ok) return candidate;
  const { checked, secrets, entry, pair } = candidate.value;

  const inside = await openWelcome(suite, welcome.value, entry, secrets);
  if (!inside.ok) return inside;
  const { groupSecrets, groupInfo, initKey } = inside.value;
  const shape = checkGroupInfo(groupInfo, expected.group, leaves.value);
  if (!shape.ok) return shape;

  const parsed = decodeWelcome(held, 0)?.[0];
  if (parsed === undefined) return err(decodeError("malformed", "Welcome: the library reads it otherwise"));
  let state: ClientState;
  try {
    state = await joinGroup(
      parsed,
      checked.library,
      { initPrivateKey: secrets.initKey, hpkePrivateKey: secrets.encryptionKey, signaturePrivateKey: ownBytes(self.seed) },
      emptyPskIndex,
      {
        ...suite,
        // What was checked is what the library gets; and opening it twice would double the cost of a join.
        hpke: { ...suite.hpke, importPrivateKey: () => Promise.resolve(initKey), open: () => Promise.resolve(groupSecrets) },
      },
      undefined,
      undefined,
      clientConfig,
    );
  } catch (error) {
    return err(decodeError("cannot-open", `Welcome: ${thrown(error)}`));
  }
  const sound = checkState(state, self, expected.group, leaves.value);
  if (!sound.ok) return sound;
  const generation = generationFrom(state, expected.group, self, leaves.value);
  erase([secrets.initKey, groupSecrets]);
  return ok({ generation, used: pair });
}

/** The founder, then the others; refused unless the expectation itself makes sense for this leaf. */
function leafOrder(self: LeafKeys, { members, founder }: Expected): Result<readonly LeafId[], DecodeError> {
  const others = members.filter((member) => !equalBytes(member, founder));
  if (members.length < 2 || members.length > maxMembers || !isStrictlySorted(members) || others.length !== members.length - 1) {
    return err(decodeError("wrong-shape", "expected members: not sorted and distinct with the founder among them"));
  }
  if (!others.some((member) => equalBytes(member, self.id))) {
    return err(decodeError("wrong-shape", "expected members: this leaf is not among those who join"));
  }
  return ok([founder, ...others]);
}

async function findCandidate(
  suite: CiphersuiteImpl,
  welcome: WelcomeParts,
  self: LeafKeys,
  packages: readonly KeyPackagePair[],
): Promise<Result<Candidate, DecodeError>> {
  for (const pair of packages) {
    const checked = await checkKeyPackage(suite, pair.public);
    const secrets = decodeKeyPackageSecrets(pair.secret);
    // A device that was admitted twice has two leaves for a while, and packages of both.
    if (!checked.ok || !secrets.ok || !equalBytes(checked.value.leaf, self.id)) {
      if (secrets.ok) erase([secrets.value.initKey, secrets.value.encryptionKey]);
      continue;
    }
    const ref = await makeKeyPackageRef(checked.value.library, suite.hash);
    const entry = welcome.entries.find(({ member }) => equalBytes(member, ref));
    if (entry !== undefined) return ok({ pair, entry, checked: checked.value, secrets: secrets.value });
    erase([secrets.value.initKey, secrets.value.encryptionKey]);
  }
  return err(decodeError("cannot-open", "Welcome: it names none of this leaf's key packages"));
}

interface OpenedWelcome {
  readonly groupSecrets: Bytes;
  readonly groupInfo: Bytes;
  readonly initKey: PrivateKey;
}
async function openWelcome(
  suite: CiphersuiteImpl,
  { encryptedGroupInfo }: WelcomeParts,
  { kemOutput, ciphertext }: WelcomeEntry,
  secrets: KeyPackageSecrets,
): Promise<Result<OpenedWelcome, DecodeError>> {
  try {
    const initKey = await suite.hpke.importPrivateKey(ownBytes(secrets.initKey));
    const groupSecrets = asBytes(await decryptWithLabel(initKey, "Welcome", encryptedGroupInfo, kemOutput, ciphertext, suite.hpke));
    const joinerSecret = readGroupSecrets(groupSecrets);
    if (!joinerSecret.ok) return joinerSecret;
    const secret = await extractWelcomeSecret(joinerSecret.value, new Uint8Array(hashSize), suite.kdf);
    const key = await welcomeKey(secret, suite);
    const nonce = await welcomeNonce(secret, suite);
    const groupInfo = asBytes(await suite.hpke.decryptAead(key, nonce, undefined, encryptedGroupInfo));
    erase([joinerSecret.value, secret, key]);
    return ok({ groupSecrets, groupInfo, initKey });
  } catch (error) {
    return err(decodeError("cannot-open", `Welcome: ${thrown(error)}`));
  }
}

/** What the parsers allowed and what the library made of it must be the same group. */
function checkState(state: ClientState, self: LeafKeys, group: GroupId, leaves: readonly LeafId[]): Result<void, DecodeError> {
  const { groupContext: context, ratchetTree: tree, privatePath } = state;
  const members = tree.filter((node) => node !== undefined);
  const same =
    equalBytes(context.groupId, group) &&
    context.epoch === 1n &&
    context.extensions.length === 0 &&
    members.length === leaves.length &&
    leaves.every((leaf, index) => {
      const node = tree[2 * index];
      return node?.nodeType === "leaf" && equalBytes(node.leaf.signaturePublicKey, leaf);
    }) &&
    equalBytes(at(leaves, privatePath.leafIndex), self.id);
  return same ? ok(undefined) : err(decodeError("wrong-shape", "Welcome: the library joined another group than was checked"));
}
