import { hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { describeSessionCrypto } from "../../../protocol/test/session/crypto-vectors.ts";
import { random } from "../../../protocol/test/session/people.ts";
import { nodeSessionCrypto } from "../../src/adapters/node/session-crypto.ts";

describeSessionCrypto("nodeSessionCrypto", nodeSessionCrypto);

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
