import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { describeSessionCrypto } from "../../../protocol/test/session/crypto-vectors.ts";
import { random } from "../../../protocol/test/session/people.ts";
import { hmacOver } from "../../src/adapters/node/hmac.ts";
import { nodeSessionCrypto } from "../../src/adapters/node/session-crypto.ts";

describeSessionCrypto("nodeSessionCrypto", nodeSessionCrypto);

describe("HMAC of two hashes", () => {
  test("is that of node:crypto, for keys and data of any length, in any number of parts", () => {
    for (const [name, blockSize] of [
      ["sha256", 64],
      ["sha512", 128],
    ] as const) {
      const hmac = hmacOver(name, blockSize);
      for (const keyLength of [0, 1, blockSize - 1, blockSize, blockSize + 1, 300])
        for (const length of [0, 1, 100, 1023, 1024, 1025, 5000]) {
          const [key, data] = [random(keyLength), random(length)];
          const expected = new Uint8Array(createHmac(name, key).update(data).digest());
          expect(hmac(key, data)).toEqual(expected);
          expect(hmac(key, data.subarray(0, length / 2), data.subarray(length / 2))).toEqual(expected);
        }
    }
  });
});

describe("nodeSessionCrypto", () => {
  test("HKDF is that of node:crypto in two steps", async () => {
    const [salt, ikm, info] = [random(20), random(50), random(30)];
    const prk = await nodeSessionCrypto.extract(salt, ikm);
    for (const length of [1, 32, 64, 100, 255]) {
      expect(await nodeSessionCrypto.expand(prk, info, length)).toEqual(
        new Uint8Array(hkdfSync("sha512", ikm, salt, info, length)),
      );
    }
  });
});
