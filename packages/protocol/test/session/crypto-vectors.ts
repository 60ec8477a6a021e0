/** What every provider of the session's primitives must pass; run for each by the package that holds it. */
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, expectOk, fromHex, utf8 } from "@photon/protocol/codec";
import { makeSession, portableCrypto, type SessionCrypto } from "@photon/protocol/session";
import { expandWithLabel, deriveSecret, deriveTreeSecret } from "ts-mls/crypto/kdf.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { describe, expect, test } from "vitest";
import { advanceBy, messageKeys, senderDataKeys } from "../../src/session/ratchet.ts";
import { suiteOver } from "../../src/session/suite.ts";
import { makeGroup, makeLeaf, portable, random } from "./people.ts";

const hex = (text: string): Bytes => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error("not hex");
  return bytes;
};

export function describeSessionCrypto(name: string, crypto: SessionCrypto): void {
  describe(`${name}: published vectors`, () => {
    test("SHA-512 (FIPS 180-4) and HMAC-SHA-512 (RFC 4231, case 2)", async () => {
      expect(await crypto.digest(utf8("abc"))).toEqual(
        hex(
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
      );
      const mac = hex(
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
      );
      expect(await crypto.mac(utf8("Jefe"), utf8("what do ya want for nothing?"))).toEqual(mac);
      expect(await crypto.extract(utf8("Jefe"), utf8("what do ya want for nothing?"))).toEqual(mac);
    });

    test("AES-256-GCM (NIST, case 16)", async () => {
      const key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
      const nonce = hex("cafebabefacedbaddecaf888");
      const aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
      const plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      );
      const sealed = hex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
          "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
      );
      expect(await crypto.seal(key, nonce, aad, plaintext)).toEqual(sealed);
      expect(await crypto.open(key, nonce, aad, sealed)).toEqual(plaintext);
      for (const at of [0, 30, 59, 60, 75]) {
        const changed = sealed.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(await crypto.open(key, nonce, aad, changed)).toBeUndefined();
      }
      expect(await crypto.open(key, nonce, utf8("other"), sealed)).toBeUndefined();
      for (const length of [0, 1, 15, 16, 75]) expect(await crypto.open(key, nonce, aad, sealed.slice(0, length))).toBeUndefined();
    });

    test("Ed25519 (RFC 8032, test 3)", async () => {
      const seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
      const publicKey = hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
      const signature = hex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      );
      expect(await crypto.sign(seed, hex("af82"))).toEqual(signature);
      expect(await crypto.verify(publicKey, hex("af82"), signature)).toBe(true);
      expect(await crypto.verify(publicKey, hex("af83"), signature)).toBe(false);
      expect(await crypto.verify(publicKey.slice(1), hex("af82"), signature)).toBe(false);
      expect(await crypto.verify(publicKey, hex("af82"), signature.slice(1))).toBe(false);
      expect(await crypto.verify(new Uint8Array(32).fill(0xff), hex("af82"), signature)).toBe(false);
    });

    /** mls-implementations, test-vectors/crypto-basics.json, cipher suite 5: the same hash and KDF as ours. */
    test("MLS ExpandWithLabel, DeriveSecret, DeriveTreeSecret (RFC 9420 §8, §9)", async () => {
      const { kdf } = await suiteOver(crypto);
      const secret = hex(
        "2b63ac3f45736045b679d61946d0d6ced888dce4f7cc483560df3c626d4d3152" +
          "1cbcbe9e5a8002124964b34e76ce5658d3c70c1a536b273f0af71c3cd70b710e",
      );
      const context = hex(
        "538b60a6bac7802b0a51923521e62811461ec0827e94034f409d6181f96f3ff3" +
          "12861e15ac2584d909e58ec17c73ba12f511f9a4097ddaca25bc18824d1511b7",
      );
      const expanded = hex("cdce438fea561f808f6383ec3da5dcd1c58baa456368003e13afd6c3fb191b51");
      expect(await expandWithLabel(secret, "ExpandWithLabel", context, 32, kdf)).toEqual(expanded);
      const derived = hex(
        "05daff5cba60076f326bf1f4e0b6debae2b2985f897dede6e63a47bb6bf15135" +
          "05135cbf0e3cf2e337084966424c0c87659b000362b9c794cd03b266bdc68a48",
      );
      const parent = hex(
        "1cdabb996d9238bed1fc287457e587f629b0641d4f5229c22b3b456f76342bca" +
          "74c512a089560940c32529b203288a0d9833c263fa65c697e2c7e27a8b1de508",
      );
      expect(await deriveSecret(parent, "DeriveSecret", kdf)).toEqual(derived);
      const treeSecret = hex(
        "73602e2c5229627e45a5902079b92aada93cd3d20429f23051f57c1a3ed7e423" +
          "15a94416c2d2fcaa5630e638540ce0a4db3188df7dacf07fb8793bcadaa96493",
      );
      const treeOut = hex(
        "63796c6b505bf9de7cb66becd0abcfa7b240c5da83d111ac57a1936508741791" +
          "ae86fddfe5d42ee04964416ed7a92563b55e9a3f4c6fbb3cca4d0647f873aca4",
      );
      expect(await deriveTreeSecret(treeSecret, "DeriveTreeSecret", 2694881440, 64, kdf)).toEqual(treeOut);
    });

    /** mls-implementations, test-vectors/secret-tree.json, cipher suite 5, one leaf: keys and nonces as long as ours. */
    test("MLS message keys at place 15, and sender data keys (RFC 9420 §6.3.2, §9.1)", async () => {
      const encryptionSecret = hex(
        "b48dbf655ff83c587949c6b8ec94168238925d22e2224b3c788104a0f3e73330" +
          "a893fc4db7cee5cf28b16f5537284d8a6ed8ed7d7ae9db9f0e73491e69728fc7",
      );
      const { kdf } = await suiteOver(crypto);
      const root = (await createSecretTree(1, encryptionSecret, kdf))[0]?.application.secret;
      if (root === undefined) throw new Error("one leaf");
      const ratchet = await advanceBy(crypto, { secret: new Uint8Array(root), counter: 0 }, 15);
      expect(ratchet.counter).toBe(15);
      const keys = await messageKeys(crypto, ratchet, new Uint8Array(4));
      expect(keys.key).toEqual(hex("bce6680d97d9587c72c256407c7a0c4261e6912286a9523d32791ed254676c06"));
      expect(keys.nonce).toEqual(hex("5a6fa5155c82dbd9af2dea65"));
      const guarded = await messageKeys(crypto, ratchet, Uint8Array.of(0xff, 0, 1, 0x80));
      expect(guarded.nonce).toEqual(hex("a56fa4955c82dbd9af2dea65"));

      const senderDataSecret = hex(
        "26fee040f817966841b58fbdc07c1cde21211514fbc96657d125581d74abbf6d" +
          "c472653a898167371648e6719ba178dc41c650c94f0c2432a70c741b837bdd4a",
      );
      const ciphertext = hex(
        "163c9c9c9f1ef2dbef7edb4591d5bf7e644b2e71b12321c492589595534e2717" +
          "98f7db32ddeeae50d92c38f7a834cc9b4c588925880482bca75eda5324a00cee2bcc4abefa9edd5e00cb569735",
      );
      const outer = await senderDataKeys(crypto, senderDataSecret, ciphertext);
      expect(outer.key).toEqual(hex("a5c55ac598c544c1cc20133d8c89e2d7ed230689bbd213412e9a59f2ed4daaf1"));
      expect(outer.nonce).toEqual(hex("97dde0632aecb2b7ea90429a"));
    });
  });

  describe(`${name}: the same as the portable provider`, () => {
    test("KDF, hash, AEAD and signatures give identical bytes", async () => {
      for (const length of [0, 1, 63, 64, 65, 200, 5000]) {
        const [key, nonce, data] = [random(32), random(12), random(length)];
        const prk = random(64);
        expect(await crypto.digest(data)).toEqual(await portableCrypto.digest(data));
        expect(await crypto.mac(prk, data)).toEqual(await portableCrypto.mac(prk, data));
        expect(await crypto.extract(data, prk)).toEqual(await portableCrypto.extract(data, prk));
        for (const size of [12, 32, 64, 65, 200]) {
          expect(await crypto.expand(prk, data, size)).toEqual(await portableCrypto.expand(prk, data, size));
        }
        expect(await crypto.seal(key, nonce, data, data)).toEqual(await portableCrypto.seal(key, nonce, data, data));
        expect(await crypto.sign(key, data)).toEqual(await portableCrypto.sign(key, data));
        const publicKey = ed25519.getPublicKey(key);
        expect(await crypto.verify(publicKey, data, new Uint8Array(await portableCrypto.sign(key, data)))).toBe(true);
      }
    });

    test("many keys in turn are not mixed up", async () => {
      const none = new Uint8Array(64);
      const seeds = Array.from({ length: 300 }, () => random(32));
      const signatures = seeds.map((seed) => crypto.sign(seed, seed));
      for (const [i, seed] of seeds.entries()) {
        if (i % 16 === 0) expect(await crypto.verify(ed25519.getPublicKey(seed), seed, (await signatures[i]) ?? none)).toBe(true);
      }
      const [first] = seeds;
      if (first !== undefined) expect(await crypto.sign(first, first)).toEqual(await signatures[0]);
    });

    test("takes signatures made to divide implementations, or keys of small order, as every provider must", async () => {
      const { Point } = ed25519;
      const order = Point.Fn.ORDER;
      const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1] ?? ""); // of order 8: honest keys contain none of it
      const scalarOf = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % order;
      const littleEndian = (value: bigint): Bytes => {
        const out = new Uint8Array(32);
        for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 255n);
        return out;
      };
      const challenge = async (r: Uint8Array, a: Uint8Array, message: Bytes): Promise<bigint> =>
        scalarOf(await portableCrypto.digest(concat(r, a, message)));
      let accepted = 0;
      for (let i = 0; i < 24; i++) {
        const message = utf8(`message ${i}`);
        const [secret, nonce] = [scalarOf(random(64)) || 1n, scalarOf(random(64)) || 1n];
        const honest = Point.BASE.multiply(secret);
        const commitment = Point.BASE.multiply(nonce);
        // By the equation without the cofactor, torsion in the key or the commitment holds only for some challenges, modulo 8.
        const never = (): boolean => false;
        for (const [key, r, isValid] of [
          [honest, commitment, () => true],
          [honest.add(torsion), commitment, (k: bigint) => k % 8n === 0n],
          [honest, commitment.add(torsion), never],
          [honest.add(torsion), commitment.add(torsion), (k: bigint) => k % 8n === 7n],
          [torsion, commitment, never],
          [Point.ZERO, commitment, never],
        ] as const) {
          const [publicKey, point] = [key.toBytes(), r.toBytes()];
          const k = await challenge(point, publicKey, message);
          const s = (nonce + k * (key === torsion || key === Point.ZERO ? 0n : secret)) % order;
          const verdict = await crypto.verify(publicKey, message, concat(point, littleEndian(s)));
          expect(verdict, `message ${i}`).toBe(isValid(k));
          if (verdict) accepted += 1;
          if (s + order < 2n ** 256n) {
            expect(await crypto.verify(publicKey, message, concat(point, littleEndian(s + order)))).toBe(false);
          }
        }
      }
      expect(accepted).toBeGreaterThanOrEqual(24);

      // The identity, in encodings that OpenSSL takes: any (r·B, r) would be a signature by it.
      for (const encoding of [`01${"00".repeat(31)}`, `ee${"ff".repeat(30)}7f`, `ee${"ff".repeat(31)}`, `01${"00".repeat(30)}80`]) {
        const publicKey = hex(encoding);
        const signature = concat(Point.BASE.multiply(5n).toBytes(), littleEndian(5n));
        for (const provider of [crypto, portableCrypto]) {
          expect(await provider.verify(publicKey, utf8("anything"), signature), encoding).toBe(false);
        }
      }
    });

    test("random bytes are as many as asked for, and own their buffer", () => {
      for (const length of [0, 4, 32, 64]) {
        const bytes = crypto.random(length);
        expect([bytes.length, bytes.buffer.byteLength, bytes.constructor]).toEqual([length, length, Uint8Array]);
      }
      expect(crypto.random(32)).not.toEqual(crypto.random(32));
    });

    test("a member with one provider talks with members that have the other, whoever founds", async () => {
      const session = await makeSession(crypto);
      for (const sessions of [
        [session, portable],
        [portable, session],
      ]) {
        const { members } = await makeGroup(3, sessions);
        for (const [i, sender] of members.entries()) {
          const sealed = await (sessions[i % 2] ?? portable).seal(sender.generation, utf8(`from ${i}`));
          for (const [j, receiver] of members.entries()) {
            if (i === j) continue;
            const opened = await (sessions[j % 2] ?? portable).open(receiver.generation, sealed.message);
            expect(expectOk(opened).plaintext).toEqual(utf8(`from ${i}`));
          }
        }
      }
      const pair = await session.makeKeyPackage(makeLeaf());
      const sealed = expectOk(await portable.sealToPackages([pair.public], "both", utf8("x")));
      expect(expectOk(await session.openWithPackage(sealed, pair, "both"))).toEqual(utf8("x"));
    });
  });
}
