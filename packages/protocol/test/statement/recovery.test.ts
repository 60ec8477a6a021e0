import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { concat, toHex, utf8 } from "@photon/protocol/codec";
import { delayOf, makeRecoverySalt, recoveryCommitment } from "@photon/protocol/statement";

const hour = 60 * 60 * 1000;
const random = new Uint8Array(30).fill(7);
const publicKey = new Uint8Array(96).fill(9);

describe("the commitment to a recovery key", () => {
  test("is the hash of its label, the salt and the key", () => {
    const salt = makeRecoverySalt(48, random);
    const expected = sha256(concat(utf8("photon/recovery/commitment/1\0"), salt, publicKey));
    expect(toHex(recoveryCommitment(publicKey, salt))).toBe(toHex(expected));
  });

  test("R4: the salt says the delay, 0 hours to 14 days", () => {
    for (const delay of [0, 1, 48, 255, 256, 336]) {
      const salt = makeRecoverySalt(delay, random);
      expect(salt).toHaveLength(32);
      expect(delayOf(salt)).toBe(delay * hour);
    }
    expect(makeRecoverySalt(258, random).slice(0, 3)).toEqual(Uint8Array.of(1, 2, 7));
  });

  test("R4: a salt that says more, or is none, says nothing", () => {
    expect(delayOf(concat(Uint8Array.of(1, 81), random))).toBeUndefined();
    expect(delayOf(concat(Uint8Array.of(255, 255), random))).toBeUndefined();
    expect(delayOf(new Uint8Array(31))).toBeUndefined();
  });

  test("a delay or randomness of another size is a bug of the caller", () => {
    for (const delay of [-1, 1.5, 337]) expect(() => makeRecoverySalt(delay, random)).toThrow("hours");
    expect(() => makeRecoverySalt(1, random.slice(1))).toThrow("29 random bytes");
  });
});
