/**
 * Verification with every choice made: the cases of RFC 8032 §7.1, and those in which implementations are known to differ
 * (Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", 2020; the Wycheproof suite for EdDSA).
 */
import { concat, fromHex, toHex } from "@photon/protocol/codec";
import { ed25519Signer, verifyEd25519 } from "@photon/protocol/statement";
import { ed25519, ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const prime = 2n ** 255n - 19n;
const littleEndian = (value: bigint): Uint8Array => hex(value.toString(16).padStart(64, "0")).toReversed();
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.toReversed())}`);
const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint => numberOf(sha512(concat(r, a, message))) % order;
const { Point } = ed25519;

const message = hex("72");
const secret = 1234567890123456789n;
const nonce = 9876543210987654321n;
/** A signature made by hand with the public key A and the nonce point R as given. */
const signBy = (a: Uint8Array, r: Uint8Array): Uint8Array =>
  concat(r, littleEndian((nonce + challenge(r, a, message) * secret) % order));
const publicKey = Point.BASE.multiply(secret).toBytes();
const noncePoint = Point.BASE.multiply(nonce);

describe("Ed25519", () => {
  test.each([
    [
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ])("RFC 8032 §7.1: key %s", (key, text, signature) => {
    expect(verifyEd25519(hex(key), hex(text), hex(signature))).toBe(true);
    expect(verifyEd25519(hex(key), hex(`${text}00`), hex(signature))).toBe(false);
  });

  test("RFC 8032 §7.1: the signer makes those signatures", async () => {
    const signer = ed25519Signer(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    expect(toHex(await signer.sign(concat(message)))).toMatch(/^92a009a9/u);
  });

  test("a signature made by hand is good, so that the refusals below are for their own reasons", () => {
    expect(verifyEd25519(publicKey, message, signBy(publicKey, noncePoint.toBytes()))).toBe(true);
  });

  test("what was found good makes nothing else good: no other key, message or signature, and no other division of the same bytes", () => {
    const good = signBy(publicKey, noncePoint.toBytes());
    for (let again = 0; again < 2; again++) {
      expect(verifyEd25519(publicKey, message, good)).toBe(true);
      for (let bit = 0; bit < 256; bit += 37) {
        const flipped = (bytes: Uint8Array): Uint8Array =>
          bytes.map((byte, at) => (at === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));
        expect(verifyEd25519(flipped(publicKey), message, good)).toBe(false);
        expect(verifyEd25519(publicKey, flipped(message), good)).toBe(false);
        expect(verifyEd25519(publicKey, message, flipped(good))).toBe(false);
      }
      expect(verifyEd25519(concat(publicKey, good.subarray(0, 1)), message, good.subarray(1))).toBe(false);
      expect(verifyEd25519(publicKey, new Uint8Array(), concat(good, message))).toBe(false);
    }
  });

  test("S at or above the group order is refused (malleability)", () => {
    const good = signBy(publicKey, noncePoint.toBytes());
    const s = numberOf(good.subarray(32));
    for (let times = 1n; s + times * order < 2n ** 256n; times++) {
      expect(verifyEd25519(publicKey, message, concat(good.subarray(0, 32), littleEndian(s + times * order)))).toBe(false);
    }
  });

  test("keys of small order are refused: anyone could sign for them", () => {
    for (const key of ED25519_TORSION_SUBGROUP) {
      const identity = littleEndian(1n);
      expect(verifyEd25519(hex(key), message, concat(identity, littleEndian(0n))), key).toBe(false);
    }
  });

  test("keys and nonce points that are not canonical are refused", () => {
    // y = 1 is the identity; p + 1 is the same point, and so is y = 1 with the sign of a zero x.
    const spellings = [littleEndian(prime + 1n), littleEndian(1n + 2n ** 255n), littleEndian(prime), littleEndian(2n ** 255n - 1n)];
    for (const spelling of spellings) {
      expect(verifyEd25519(spelling, message, concat(littleEndian(1n), littleEndian(0n)))).toBe(false);
      // With R the identity in another spelling, S = k·a would satisfy the equation.
      const k = challenge(spelling, publicKey, message);
      expect(verifyEd25519(publicKey, message, concat(spelling, littleEndian((k * secret) % order)))).toBe(false);
    }
  });

  test("what is no point of the curve is refused without a throw", () => {
    const noPoint = littleEndian(2n);
    expect(() => Point.fromBytes(noPoint)).toThrow();
    expect(verifyEd25519(noPoint, message, signBy(noPoint, noncePoint.toBytes()))).toBe(false);
    expect(verifyEd25519(publicKey, message, concat(noPoint, littleEndian(1n)))).toBe(false);
  });

  test("the equation is the cofactored one: a component of small order in A or R makes no difference", () => {
    const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1] ?? "");
    const mixedKey = Point.BASE.multiply(secret).add(torsion).toBytes();
    expect(verifyEd25519(mixedKey, message, signBy(mixedKey, noncePoint.toBytes()))).toBe(true);
    const mixedNonce = noncePoint.add(torsion).toBytes();
    expect(verifyEd25519(publicKey, message, signBy(publicKey, mixedNonce))).toBe(true);
  });

  test.each([
    [31, 64],
    [33, 64],
    [32, 63],
    [32, 65],
    [0, 0],
  ])("a key of %i and a signature of %i bytes are refused", (key, signature) => {
    expect(verifyEd25519(new Uint8Array(key), message, new Uint8Array(signature))).toBe(false);
  });
});
