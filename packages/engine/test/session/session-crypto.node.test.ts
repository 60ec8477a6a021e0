import { hkdfSync } from "node:crypto";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, fromHex, utf8 } from "@photon/protocol/codec";
import { portableCrypto } from "@photon/protocol/session";
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

  test("both providers say the same of signatures made to divide them", async () => {
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
    for (let i = 0; i < 64; i++) {
      const message = utf8(`message ${i}`);
      const [secret, nonce] = [scalarOf(random(64)) || 1n, scalarOf(random(64)) || 1n];
      const honest = Point.BASE.multiply(secret);
      const commitment = Point.BASE.multiply(nonce);
      for (const [key, r] of [
        [honest.add(torsion), commitment],
        [honest, commitment.add(torsion)],
        [honest.add(torsion), commitment.add(torsion)],
        [torsion, commitment],
        [Point.ZERO, commitment],
        [honest, commitment],
      ] as const) {
        const [publicKey, point] = [key.toBytes(), r.toBytes()];
        const s =
          (nonce + (await challenge(point, publicKey, message)) * (key === torsion || key === Point.ZERO ? 0n : secret)) % order;
        for (const scalar of [s, s + order]) {
          if (scalar >= 2n ** 256n) continue;
          const signature = concat(point, littleEndian(scalar));
          const answers = [
            await nodeSessionCrypto.verify(publicKey, message, signature),
            await portableCrypto.verify(publicKey, message, signature),
          ];
          expect(answers[0], `key ${i}`).toBe(answers[1]);
          if (answers[0] === true) accepted += 1;
        }
      }
    }
    expect(accepted).toBeGreaterThanOrEqual(64);

    // The identity, in encodings that OpenSSL takes: any (r·B, r) would be a signature by it.
    for (const encoding of [`01${"00".repeat(31)}`, `ee${"ff".repeat(30)}7f`, `ee${"ff".repeat(31)}`, `01${"00".repeat(30)}80`]) {
      const publicKey = fromHex(encoding) ?? new Uint8Array(0);
      const signature = concat(Point.BASE.multiply(5n).toBytes(), littleEndian(5n));
      for (const provider of [nodeSessionCrypto, portableCrypto]) {
        expect(await provider.verify(publicKey, utf8("anything"), signature), encoding).toBe(false);
      }
    }
  });
});
