/** Sealing and opening application messages in a generation, strictly in order for each sender. */
import { type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";
import type { SessionCrypto } from "./crypto.ts";
import {
  contentAad,
  maxPlaintext,
  type MessageParts,
  readContent,
  readMessage,
  readSenderData,
  type SenderData,
  senderDataAad,
  toBeSigned,
  writeContent,
  writeMessage,
  writeSenderData,
} from "./message.ts";
import { advance, advanceBy, messageKeys, reuseGuardSize, senderDataKeys } from "./ratchet.ts";
import { at, maxCounter, type Ratchet, type SessionState, stateOf, withRatchet } from "./state.ts";
import { erase } from "./suite.ts";
import type { Generation, Opened, OpenError } from "./types.ts";

/** How far ahead of this leaf's memory a copy of its own is looked at, to tell a restored disk from a forgery. */
const maxOwnAhead = 2048;

export async function seal(
  crypto: SessionCrypto,
  generation: Generation,
  plaintext: Bytes,
): Promise<{ readonly generation: Generation; readonly message: Bytes }> {
  if (plaintext.length > maxPlaintext) throw new Error(`${plaintext.length} bytes of plaintext, at most ${maxPlaintext}`);
  const state = stateOf(generation);
  const { fixed, ratchets } = state;
  const index = fixed.selfIndex;
  const ratchet = at(ratchets, index);
  if (ratchet.counter === maxCounter) throw new Error("the generation is used up");

  const signature = await crypto.sign(fixed.seed, toBeSigned(state, index, plaintext));
  const reuseGuard = crypto.random(reuseGuardSize);
  const { key, nonce } = await messageKeys(crypto, ratchet, reuseGuard);
  const content = writeContent(plaintext, signature);
  const ciphertext = await crypto.seal(key, nonce, contentAad(fixed), content);
  erase([key, content]);

  const senderData = writeSenderData({ index, counter: ratchet.counter, reuseGuard });
  const outer = await senderDataKeys(crypto, fixed.senderDataSecret, ciphertext);
  const encryptedSenderData = await crypto.seal(outer.key, outer.nonce, senderDataAad(fixed), senderData);
  return {
    generation: withRatchet(generation, index, await advance(crypto, ratchet)),
    message: writeMessage(fixed, { encryptedSenderData, ciphertext }),
  };
}

export async function open(crypto: SessionCrypto, generation: Generation, source: Bytes): Promise<Result<Opened, OpenError>> {
  const state = stateOf(generation);
  const { fixed, ratchets } = state;
  const message = readMessage(fixed, source);
  if (!message.ok) return message;
  const senderData = await openSenderData(crypto, state, message.value);
  if (!senderData.ok) return senderData;
  const { index, counter } = senderData.value;
  const sender = fixed.leaves[index];
  const ratchet = ratchets[index];
  if (sender === undefined || ratchet === undefined)
    return err(decodeError("out-of-range", `message: no member at place ${index}`));
  if (counter === maxCounter) return err(decodeError("out-of-range", "message: its sender's ratchet is used up"));

  const expected = ratchet.counter;
  if (index === fixed.selfIndex) {
    const genuine = counter < expected ? ok(undefined) : await verifyOwn(crypto, state, message.value, senderData.value);
    return genuine.ok ? err({ code: "own-message", detail: "sealed by this leaf", sender, counter }) : genuine;
  }
  if (counter < expected) return err({ code: "already-opened", detail: `message ${counter} of its sender`, sender, counter });
  if (counter > expected) {
    const detail = `message ${counter} of its sender, next is ${expected}`;
    return err({ code: "out-of-order", detail, sender, counter, expected });
  }
  const plaintext = await openContent(crypto, state, message.value, senderData.value, ratchet);
  if (!plaintext.ok) return plaintext;
  const moved = withRatchet(generation, index, await advance(crypto, ratchet));
  return ok({ generation: moved, plaintext: plaintext.value, sender, counter });
}

async function openSenderData(
  crypto: SessionCrypto,
  { fixed }: SessionState,
  { ciphertext, encryptedSenderData }: MessageParts,
): Promise<Result<SenderData, DecodeError>> {
  const { key, nonce } = await senderDataKeys(crypto, fixed.senderDataSecret, ciphertext);
  const opened = await crypto.open(key, nonce, senderDataAad(fixed), encryptedSenderData);
  return opened === undefined ? err(decodeError("cannot-open", "message: sender data")) : readSenderData(opened);
}

/** @param ratchet at the place that the sender data names. */
async function openContent(
  crypto: SessionCrypto,
  state: SessionState,
  { ciphertext }: MessageParts,
  { index, reuseGuard }: SenderData,
  ratchet: Ratchet,
): Promise<Result<Bytes, DecodeError>> {
  const { key, nonce } = await messageKeys(crypto, ratchet, reuseGuard);
  const opened = await crypto.open(key, nonce, contentAad(state.fixed), ciphertext);
  erase([key]);
  if (opened === undefined) return err(decodeError("cannot-open", "message: content"));
  const content = readContent(opened);
  if (!content.ok) return content;
  const { plaintext, signature } = content.value;
  if (!(await crypto.verify(at(state.fixed.leaves, index), toBeSigned(state, index, plaintext), signature))) {
    return err(decodeError("bad-signature", "message: not sealed by the member it names"));
  }
  return ok(plaintext);
}

/**
 * A copy of this leaf's own that is newer than it remembers means that its disk was restored, and silences it for the
 * rest of the generation; so a peer must not be able to make one up. Verified without moving anything.
 */
async function verifyOwn(
  crypto: SessionCrypto,
  state: SessionState,
  message: MessageParts,
  senderData: SenderData,
): Promise<Result<void, DecodeError>> {
  const ratchet = at(state.ratchets, state.fixed.selfIndex);
  const ahead = senderData.counter - ratchet.counter;
  if (ahead > maxOwnAhead) return err(decodeError("out-of-range", `message: ${ahead} ahead of its own sender`));
  const later = await advanceBy(crypto, ratchet, ahead);
  const plaintext = await openContent(crypto, state, message, senderData, later);
  if (later !== ratchet) erase([later.secret]);
  if (!plaintext.ok) return plaintext;
  erase([plaintext.value]);
  return ok(undefined);
}
