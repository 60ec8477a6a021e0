import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract, hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import { describe, expect, test } from "vitest";
import { type Bytes, encodeCbor, expectOk, fromHex, toHex, utf8 } from "@photon/protocol/codec";
import {
  answerRendezvous,
  makeDeviceCode,
  makeInvitation,
  maxRendezvousPayload,
  openReply,
  parseDeviceCode,
  readAnswer,
  sealReply,
  startRendezvous,
} from "@photon/protocol/meeting";
import { buckets } from "@photon/protocol/queue";
import { makeStatementId } from "@photon/protocol/statement";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const code = makeDeviceCode({ entropy: fill(16, 5), relay: "http://localhost:4000" });
const laptop = utf8("Ana's laptop: leaves and key packages");

function meet(psk = code.psk) {
  const started = startRendezvous(psk, fill(32, 1));
  const answered = expectOk(answerRendezvous(psk, started.message, fill(64, 2), laptop));
  const read = expectOk(readAnswer(started.secret, answered.message));
  return { started, answered, read };
}

describe("a device code", () => {
  test("is one line that can be typed, and comes back with all its keys", () => {
    expect(code.code).toMatch(/^localhost:4000( [a-z]+){12}$/u);
    expect(expectOk(parseDeviceCode(`  ${code.code.toUpperCase()}.\n`))).toEqual({
      relay: "http://localhost:4000",
      entropy: fill(16, 5),
      drops: code.drops,
      psk: code.psk,
    });
    const bare = code.code.split(" ").slice(1).join(" ");
    expect(parseDeviceCode(bare)).toMatchObject({ ok: false, error: { code: "bad-invitation" } });
    expect(expectOk(parseDeviceCode(bare, "https://relay.example")).psk).toEqual(code.psk);
    expect(parseDeviceCode(code.code.split(" ").slice(0, -1).join(" "))).toMatchObject({
      ok: false,
      error: { code: "invitation-truncated" },
    });
  });

  test("shares no key with an invitation of the same words", () => {
    const invitation = makeInvitation({
      entropy: fill(16, 5),
      relay: "http://localhost:4000",
      found: makeStatementId(fill(32, 1)),
      expires: 2 ** 40,
    });
    const all = [...code.drops, code.psk, invitation.dropId, invitation.sealKey].map(toHex);
    expect(new Set(all).size).toBe(6);
  });
});

describe("the rendezvous", () => {
  test("gives both devices the payloads and one key", () => {
    const { answered, read } = meet();
    expect(read.payload).toEqual(laptop);
    expect(read.key).toEqual(answered.key);
    const reply = expectOk(sealReply(read.key, utf8("the circle"), fill(24, 3)));
    expect(expectOk(openReply(answered.key, reply))).toEqual(utf8("the circle"));
  });

  test("looks to the relay like any three drops", () => {
    const { started, answered, read } = meet();
    const reply = expectOk(sealReply(read.key, utf8("the circle"), fill(24, 3)));
    for (const message of [started.message, answered.message, reply]) expect(buckets).toContain(message.length);
    const publicKey = xwing.keygen(fill(32, 1)).publicKey;
    expect(toHex(started.message)).not.toContain(toHex(publicKey.subarray(0, 8)));
  });

  test("without the code nobody can read or answer", () => {
    const { started, answered } = meet();
    expect(answerRendezvous(fill(32, 9), started.message, fill(64, 2), laptop)).toMatchObject({
      ok: false,
      error: { code: "cannot-open" },
    });
    const stranger = startRendezvous(fill(32, 9), fill(32, 1));
    expect(readAnswer(stranger.secret, answered.message)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    const forged = expectOk(answerRendezvous(fill(32, 9), stranger.message, fill(64, 2), utf8("Dee's device")));
    expect(readAnswer(started.secret, forged.message)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("who sees the code afterwards opens no payload: the keys of the exchange are gone", () => {
    const { answered, read } = meet();
    const reply = expectOk(sealReply(read.key, utf8("the circle"), fill(24, 3)));
    // With the code, and any other key pair: the outer seal opens, the payload does not.
    const later = startRendezvous(code.psk, fill(32, 77));
    expect(readAnswer(later.secret, answered.message)).toMatchObject({
      ok: false,
      error: { code: "cannot-open", detail: "$.payload: of another exchange" },
    });
    expect(openReply(code.psk, reply)).toMatchObject({ ok: false });
  });

  test("an answer is bound to the offer that it answers, and a reply to both", () => {
    const { answered, read } = meet();
    const again = expectOk(answerRendezvous(code.psk, startRendezvous(code.psk, fill(32, 1)).message, fill(64, 3), laptop));
    expect(toHex(again.key)).not.toBe(toHex(answered.key));
    const otherOffer = startRendezvous(code.psk, fill(32, 4));
    expect(readAnswer(otherOffer.secret, answered.message)).toMatchObject({ ok: false });
    const reply = expectOk(sealReply(read.key, laptop, fill(24, 3)));
    expect(openReply(again.key, reply)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("a repeat after a crash gives the same bytes; another payload under the same seed shares no key or nonce", () => {
    const { started, answered } = meet();
    expect(startRendezvous(code.psk, fill(32, 1))).toEqual(started);
    expect(expectOk(answerRendezvous(code.psk, started.message, fill(64, 2), laptop))).toEqual(answered);
    const other = expectOk(answerRendezvous(code.psk, started.message, fill(64, 2), utf8("other")));
    expect(toHex(other.message.slice(0, 24))).not.toBe(toHex(answered.message.slice(0, 24)));
    expect(toHex(other.key)).not.toBe(toHex(answered.key));
  });

  test("carries up to 60 KiB each way, and says when it is more", () => {
    const { started } = meet();
    const most = expectOk(answerRendezvous(code.psk, started.message, fill(64, 2), fill(maxRendezvousPayload, 1)));
    expect(expectOk(readAnswer(started.secret, most.message)).payload.length).toBe(maxRendezvousPayload);
    expect(sealReply(most.key, fill(maxRendezvousPayload, 1), fill(24, 1)).ok).toBe(true);
    expect(sealReply(most.key, fill(maxRendezvousPayload + 1, 1), fill(24, 1))).toMatchObject({
      ok: false,
      error: { code: "too-long" },
    });
    expect(answerRendezvous(code.psk, started.message, fill(64, 2), fill(maxRendezvousPayload + 1, 1))).toMatchObject({
      ok: false,
      error: { code: "too-long" },
    });
  });
});

describe("the key schedule", () => {
  test("is that of the specification: without the X-Wing secret, the code and all three messages give nothing", () => {
    const { started, answered, read } = meet();
    const derive = (key: Bytes, use: string, context: Bytes, length: number): Uint8Array =>
      hkdf(sha512, key, undefined, encodeCbor(["photon/rendezvous/derive/1", use, context]), length);
    const none = new Uint8Array(0);
    const unseal = (key: Uint8Array, label: string, body: Bytes): Uint8Array => {
      const plain = xchacha20poly1305(key, body.subarray(0, 24), utf8(label)).decrypt(body.subarray(24));
      return plain.subarray(4, 4 + new DataView(plain.buffer, plain.byteOffset).getUint32(0));
    };
    const inside = unseal(derive(code.psk, "outer answer", none, 32), "photon/rendezvous/answer/1", answered.message);
    // {1: suite, 2: ciphertext (1120), 3: payload}: three bytes, then a key and a head of three.
    const cipherText = inside.slice(3 + 4, 3 + 4 + 1120);
    const payload = inside.slice(3 + 4 + 1120 + 1 + 2);
    const secretKey = xwing.keygen(derive(fill(32, 1), "key pair", none, 32)).secretKey;
    const schedule = (shared: Uint8Array) => {
      const prk = extract(sha512, shared, code.psk);
      const answer = encodeCbor(["photon/rendezvous/answer/1", sha512(encodeCbor([started.message, cipherText]))]);
      const reply = encodeCbor(["photon/rendezvous/reply/1", sha512(encodeCbor([started.message, answered.message]))]);
      const keyAndNonce = expand(sha512, prk, answer, 56);
      return {
        cipher: xchacha20poly1305(keyAndNonce.subarray(0, 32), keyAndNonce.subarray(32)),
        key: expand(sha512, prk, reply, 32),
      };
    };
    const honest = schedule(xwing.decapsulate(cipherText, secretKey));
    expect(toHex(honest.cipher.decrypt(payload))).toBe(toHex(laptop));
    expect(toHex(honest.key)).toBe(toHex(read.key));
    for (const guess of [none, code.psk, fill(32, 0), cipherText]) {
      const later = schedule(guess);
      expect(() => later.cipher.decrypt(payload)).toThrow();
      expect(toHex(later.key)).not.toBe(toHex(read.key));
    }
  });
});

describe("the key exchange", () => {
  test("is X-Wing: the first vector of draft-connolly-cfrg-xwing-kem", () => {
    const bytes = (hex: string): Bytes => fromHex(hex) ?? fill(0, 0);
    const { publicKey, secretKey } = xwing.keygen(bytes("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"));
    const random = bytes(
      "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
    );
    const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, random);
    expect(toHex(sharedSecret)).toBe("d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384");
    expect(toHex(xwing.decapsulate(cipherText, secretKey))).toBe(toHex(sharedSecret));
  });
});
