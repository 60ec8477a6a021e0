/** Sealing and opening application messages in a generation, strictly in order for each sender. */
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { protectApplicationData, type UnprotectResult, unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { CryptoVerificationError } from "ts-mls/mlsError.js";
import { decryptSenderData, type PrivateMessage } from "ts-mls/privateMessage.js";
import type { SecretTree } from "ts-mls/secretTree.js";
import type { SenderData } from "ts-mls/sender.js";
import { type Bytes, decodeError, type DecodeError, err, ok, ownBytes, type Result } from "../codec/index.ts";
import { noPadding, retention, thrown } from "./library.ts";
import { ciphertextSize, maxPlaintext, readMessage, writeMessage } from "./message.ts";
import { at, type Ratchet, type SessionState, stateOf, withRatchet } from "./state.ts";
import { erase } from "./suite.ts";
import type { Generation, Opened, OpenError } from "./types.ts";

/** How far ahead of this leaf's memory a copy of its own is looked at, to tell a restored disk from a forgery. */
const maxOwnAhead = 2048;
const noRatchet = { secret: new Uint8Array(0), generation: 0, unusedGenerations: {} };

/** The library's secret tree with only the one ratchet that is to move, as a copy: it may be erased when it has. */
function treeOf(ratchet: Ratchet, index: number): SecretTree {
  const tree: SecretTree = [];
  tree[2 * index] = {
    handshake: noRatchet,
    application: { secret: ownBytes(ratchet.secret), generation: ratchet.counter, unusedGenerations: {} },
  };
  return tree;
}
function ratchetIn(tree: SecretTree, index: number): Ratchet {
  const { secret, generation } = at(tree, 2 * index).application;
  return { secret: ownBytes(secret), counter: generation };
}

export async function seal(
  suite: CiphersuiteImpl,
  generation: Generation,
  plaintext: Bytes,
): Promise<{ readonly generation: Generation; readonly message: Bytes }> {
  if (plaintext.length > maxPlaintext) throw new Error(`${plaintext.length} bytes of plaintext, at most ${maxPlaintext}`);
  const { fixed, context, ratchets } = stateOf(generation);
  const ratchet = at(ratchets, fixed.selfIndex);
  if (ratchet.counter === 0xffff_ffff) throw new Error("the generation is used up");
  const { newSecretTree, privateMessage, consumed } = await protectApplicationData(
    fixed.seed,
    fixed.senderDataSecret,
    plaintext,
    new Uint8Array(0),
    context,
    treeOf(ratchet, fixed.selfIndex),
    fixed.selfIndex,
    noPadding,
    suite,
  );
  erase(consumed);
  return {
    generation: withRatchet(generation, fixed.selfIndex, ratchetIn(newSecretTree, fixed.selfIndex)),
    message: writeMessage(privateMessage),
  };
}

export async function open(suite: CiphersuiteImpl, generation: Generation, source: Bytes): Promise<Result<Opened, OpenError>> {
  const state = stateOf(generation);
  const { fixed, ratchets } = state;
  const message = readMessage(source, fixed.group, fixed.epoch);
  if (!message.ok) return message;
  const senderData = await readSenderData(suite, state, message.value);
  if (!senderData.ok) return senderData;
  const { leafIndex: index, generation: counter } = senderData.value;
  const sender = fixed.leaves[index];
  const ratchet = ratchets[index];
  if (sender === undefined || ratchet === undefined)
    return err(decodeError("out-of-range", `message: no member at place ${index}`));
  const expected = ratchet.counter;
  if (index === fixed.selfIndex) {
    const genuine = counter < expected ? ok(undefined) : await verifyOwn(suite, state, message.value);
    return genuine.ok ? err({ code: "own-message", detail: "sealed by this leaf", sender, counter }) : genuine;
  }
  if (counter < expected) return err({ code: "already-opened", detail: `message ${counter} of its sender`, sender, counter });
  if (counter > expected) {
    const detail = `message ${counter} of its sender, next is ${expected}`;
    return err({ code: "out-of-order", detail, sender, counter, expected });
  }
  const opened = await unprotect(suite, state, message.value, index, 0);
  if (!opened.ok) return opened;
  return ok({
    generation: withRatchet(generation, index, ratchetIn(opened.value.tree, index)),
    plaintext: opened.value.plaintext,
    sender,
    counter,
  });
}

/** Every member can make sender data that names another: it says where to look, the signature says who it was. */
async function readSenderData(
  suite: CiphersuiteImpl,
  { fixed }: SessionState,
  message: PrivateMessage,
): Promise<Result<SenderData, DecodeError>> {
  try {
    const senderData = await decryptSenderData(message, fixed.senderDataSecret, suite);
    return senderData === undefined ? err(decodeError("malformed", "message: sender data")) : ok(senderData);
  } catch (error) {
    return err(decodeError("cannot-open", `message: ${thrown(error)}`));
  }
}

/**
 * A copy of this leaf's own that is newer than it remembers means that its disk was restored, and silences it for the
 * rest of the generation; so a peer must not be able to make one up. Verified without moving anything.
 */
async function verifyOwn(suite: CiphersuiteImpl, state: SessionState, message: PrivateMessage): Promise<Result<void, DecodeError>> {
  const opened = await unprotect(suite, state, message, state.fixed.selfIndex, maxOwnAhead);
  if (!opened.ok) return opened;
  erase([ratchetIn(opened.value.tree, state.fixed.selfIndex).secret]);
  return ok(undefined);
}

async function unprotect(
  suite: CiphersuiteImpl,
  { fixed, context, ratchets }: SessionState,
  message: PrivateMessage,
  index: number,
  maxAhead: number,
): Promise<Result<{ readonly tree: SecretTree; readonly plaintext: Bytes }, DecodeError>> {
  let result: UnprotectResult;
  try {
    result = await unprotectPrivateMessage(
      fixed.senderDataSecret,
      message,
      treeOf(at(ratchets, index), index),
      [],
      context,
      { ...retention, maximumForwardRatchetSteps: maxAhead },
      suite,
      at(fixed.leaves, index),
    );
  } catch (error) {
    const code = error instanceof CryptoVerificationError ? "bad-signature" : "cannot-open";
    return err(decodeError(code, `message: ${thrown(error)}`));
  }
  erase(result.consumed);
  const { content } = result.content;
  if (content.contentType !== "application") return err(decodeError("wrong-shape", "message: no application data"));
  const plaintext = ownBytes(content.applicationData);
  if (message.ciphertext.length !== ciphertextSize(plaintext.length)) {
    return err(decodeError("not-canonical", "message: padded, or its length not in the shortest form"));
  }
  return ok({ tree: result.tree, plaintext });
}
