/** What every provider of the queue's primitives must pass; run for each by the package that holds it. */
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, expectOk, fromHex, utf8 } from "@photon/protocol/codec";
import { appendMac, openDeposit, portableQueueCrypto, type QueueCrypto, sealDeposit, signRead } from "@photon/protocol/queue";

const hex = (text: string): Bytes => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error("not hex");
  return bytes;
};
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((some) => new Uint8Array(some));

export function describeQueueCrypto(name: string, crypto: QueueCrypto): void {
  describe(`${name}: published vectors`, () => {
    test("SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 4231, case 2)", () => {
      expect(crypto.digest(utf8("abc"))).toEqual(hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
      const mac = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
      expect(crypto.mac(utf8("Jefe"), utf8("what do ya want for nothing?"))).toEqual(mac);
    });

    test("Ed25519 (RFC 8032, test 3)", () => {
      const seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
      const signature = hex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      );
      expect(crypto.sign(seed, hex("af82"))).toEqual(signature);
      expect(crypto.publicKey(seed)).toEqual(hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"));
    });

    test("XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, A.3.1)", () => {
      const key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
      const nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
      const aad = hex("50515253c0c1c2c3c4c5c6c7");
      const plaintext = utf8(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      );
      const sealed = hex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb" +
          "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
          "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
          "21f9664c97637da9768812f615c68b13b52e" +
          "c0875924c1c7987947deafd8780acf49",
      );
      expect(crypto.seal(key, nonce, aad, plaintext)).toEqual(sealed);
      expect(crypto.open(key, nonce, aad, sealed)).toEqual(plaintext);
      for (const at of [0, 60, 113, 114, 129]) {
        const changed = sealed.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(crypto.open(key, nonce, aad, changed)).toBeUndefined();
      }
      expect(crypto.open(key, nonce, utf8("other"), sealed)).toBeUndefined();
      for (const length of [0, 1, 15, 16, 129]) expect(crypto.open(key, nonce, aad, sealed.slice(0, length))).toBeUndefined();
    });
  });

  describe(name, () => {
    test("another length of key or nonce is a bug, and throws", () => {
      for (const [key, nonce] of [
        [31, 24],
        [33, 24],
        [32, 12],
        [32, 25],
      ] as const) {
        expect(() => crypto.seal(new Uint8Array(key), new Uint8Array(nonce), utf8(""), utf8("text"))).toThrow();
        expect(() => crypto.open(new Uint8Array(key), new Uint8Array(nonce), utf8(""), new Uint8Array(40))).toThrow();
      }
    });

    test("what it returns is bytes of their own", () => {
      const [key, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2)];
      const sealed = crypto.seal(key, nonce, utf8(""), utf8("text"));
      const all = [
        crypto.digest(key),
        crypto.mac(key, nonce),
        crypto.sign(key, nonce),
        sealed,
        crypto.open(key, nonce, utf8(""), sealed),
      ];
      for (const one of all) {
        expect(one?.constructor).toBe(Uint8Array);
        expect(one?.buffer.byteLength).toBe(one?.length);
      }
    });

    test("deposits and requests are the same bytes as with the portable ones, and open with either", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 5000 }), bytesOf(32), bytesOf(24), bytesOf(16), (some, key, nonce, id) => {
          const inner = new Uint8Array(some);
          const body = expectOk(sealDeposit(key, inner, nonce, crypto));
          expect(body).toEqual(expectOk(sealDeposit(key, inner, nonce)));
          for (const opener of [crypto, portableQueueCrypto])
            expect(expectOk(openDeposit([new Uint8Array(32), key], body, opener))).toEqual(inner);
          const request = { sendId: id, appendId: id, body };
          expect(appendMac(key, request, crypto)).toEqual(appendMac(key, request));
          const read = { receiveId: id, after: some.length, limit: 1 };
          expect(signRead(key, read, crypto)).toEqual(signRead(key, read));
        }),
        { numRuns: 30 },
      );
    });

    test("a signature is one that the key's owner made", () => {
      const seed = new Uint8Array(32).fill(9);
      expect(ed25519.verify(crypto.sign(seed, utf8("read")), utf8("read"), ed25519.getPublicKey(seed))).toBe(true);
    });
  });
}
