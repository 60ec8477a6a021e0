/**
 * Everything of the session that takes bytes from outside, for the fuzzers. The targets "inside …" mutate what is within a
 * seal that holds, since no mutation of the outside would ever get there.
 */
import { type Bytes, concat, expectOk, utf8 } from "@photon/protocol/codec";
import { type Generation, portableCrypto } from "@photon/protocol/session";
import { extractWelcomeSecret } from "ts-mls/groupInfo.js";
import { decodeGroupSecrets } from "ts-mls/groupSecrets.js";
import { encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { decodeWelcome, welcomeKey, welcomeNonce } from "ts-mls/welcome.js";
import { contentAad, senderDataAad, writeContent, writeMessage, writeSenderData, toBeSigned } from "../../src/session/message.ts";
import { messageKeys, senderDataKeys } from "../../src/session/ratchet.ts";
import { at, stateOf } from "../../src/session/state.ts";
import { vector } from "../../src/session/tls.ts";
import { checkGroupInfo, readGroupSecrets } from "../../src/session/welcome.ts";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { makeGroup, memberOf, portable, sorted } from "./people.ts";
import { groupInfoBytes, groupInfoOf, present, stockPackage, suite } from "./stock.ts";

const group = await makeGroup(3);
const [ana, ben, chi] = [memberOf(group, 0), memberOf(group, 1), memberOf(group, 2)];
const ids = group.members.map((member) => member.leaf.id);
const expected = { group: group.id, members: sorted(ids), founder: ana.leaf.id };
const leaves = [ana.leaf.id, ...sorted(ids.slice(1))];

const messages: Bytes[] = [];
let talking: Generation = ana.generation;
for (const text of ["", "hello", "a".repeat(300)]) {
  const sealed = await portable.seal(talking, utf8(text));
  talking = sealed.generation;
  messages.push(sealed.message);
}
const before = portable.encode(ben.generation);
const sealed = expectOk(await portable.sealToPackages([ben.pair.public, chi.pair.public], "fuzz", utf8("hello")));
const groupInfo = groupInfoBytes(await groupInfoOf(group.welcome, ben));
const groupSecrets = concat(vector(new Uint8Array(64).fill(9)), new Uint8Array(2));

/** A Welcome for Ben with these contents, sealed as a founder would. */
async function welcomeWith(secrets: Bytes, info: Bytes): Promise<Bytes> {
  const joinerSecret = decodeGroupSecrets(groupSecrets, 0)?.[0].joinerSecret ?? new Uint8Array(64);
  const welcomeSecret = await extractWelcomeSecret(joinerSecret, new Uint8Array(64), suite.kdf);
  const encrypted = await suite.hpke.encryptAead(
    await welcomeKey(welcomeSecret, suite),
    await welcomeNonce(welcomeSecret, suite),
    undefined,
    info,
  );
  const initKey = await suite.hpke.importPublicKey(stockPackage(ben.pair).initKey);
  const { enc, ct } = await encryptWithLabel(initKey, "Welcome", encrypted, secrets, suite.hpke);
  const ref = await makeKeyPackageRef(stockPackage(ben.pair), suite.hash);
  const other = present(decodeWelcome(group.welcome, 0))[0].secrets[0];
  const first = present(other);
  const entryOf = (member: Uint8Array, kemOutput: Uint8Array, ciphertext: Uint8Array): Bytes =>
    concat(vector(member), vector(kemOutput), vector(ciphertext));
  const theirs = entryOf(ref.map((byte) => byte ^ 1), first.encryptedGroupSecrets.kemOutput, first.encryptedGroupSecrets.ciphertext); // prettier-ignore
  return concat(Uint8Array.of(0, 83), vector(concat(entryOf(ref, enc, ct), theirs)), vector(encrypted));
}

/** Ana's next message with these contents, sealed as she would. */
async function messageWith(content: Bytes, senderData: Bytes): Promise<Bytes> {
  const { fixed, ratchets } = stateOf(ana.generation);
  const { key, nonce } = await messageKeys(portableCrypto, at(ratchets, 0), new Uint8Array(4));
  const ciphertext = await portableCrypto.seal(key, nonce, contentAad(fixed), content);
  const outer = await senderDataKeys(portableCrypto, fixed.senderDataSecret, ciphertext);
  return writeMessage(fixed, {
    ciphertext,
    encryptedSenderData: await portableCrypto.seal(outer.key, outer.nonce, senderDataAad(fixed), senderData),
  });
}
const signature = await portableCrypto.sign(ana.leaf.seed, toBeSigned(stateOf(ana.generation), 0, utf8("hello")));
const goodContent = writeContent(utf8("hello"), signature);
const goodSenderData = writeSenderData({ index: 0, counter: 0, reuseGuard: new Uint8Array(4) });
const isOpen = async (message: Bytes): Promise<void> => expectOutcome(await portable.open(ben.generation, message));
const joinWith = async (secrets: Bytes, info: Bytes) =>
  portable.join(await welcomeWith(secrets, info), ben.leaf, [ben.pair], expected);

/** What the targets "inside …" do to the contents as they are: so a test can tell that they reach their end. */
export const unchanged = {
  open: async () => portable.open(ben.generation, await messageWith(goodContent, goodSenderData)),
  join: () => joinWith(groupSecrets, groupInfo),
};

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "session: inspectKeyPackage",
    valid: group.members.map((member) => member.pair.public),
    run: async (input) => expectOutcome(await portable.inspectKeyPackage(input)),
  },
  {
    name: "session: join",
    valid: [group.welcome],
    run: async (input) => expectOutcome(await portable.join(input, ben.leaf, [ben.pair], expected)),
  },
  {
    name: "session: join, inside the group secrets",
    valid: [groupSecrets],
    run: async (input) => {
      const read = readGroupSecrets(input);
      expectOutcome(read);
      if (read.ok) expectOutcome(await joinWith(input, groupInfo));
    },
  },
  {
    name: "session: join, inside the group info",
    valid: [groupInfo],
    run: async (input) => {
      const checked = checkGroupInfo(input, group.id, leaves);
      expectOutcome(checked);
      // What our parser lets pass is what the library gets to see: signatures, hashes and tags of the right length.
      if (checked.ok) expectOutcome(await joinWith(groupSecrets, input));
    },
  },
  { name: "session: open", valid: messages, run: isOpen },
  {
    name: "session: open, inside the content",
    valid: [goodContent],
    run: async (input) => isOpen(await messageWith(input, goodSenderData)),
  },
  {
    name: "session: open, inside the sender data",
    valid: [goodSenderData],
    run: async (input) => isOpen(await messageWith(goodContent, input)),
  },
  {
    name: "session: decode, fixed part",
    valid: [before.fixed],
    run: (fixed) => expectOutcome(portable.decode({ ...before, fixed })),
  },
  {
    name: "session: decode, moving part",
    valid: [before.moving],
    run: (moving) => expectOutcome(portable.decode({ ...before, moving })),
  },
  {
    name: "session: openWithPackage",
    valid: [sealed],
    run: async (input) => expectOutcome(await portable.openWithPackage(input, ben.pair, "fuzz")),
  },
];
