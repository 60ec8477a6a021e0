import { describe, expect, test } from "vitest";
import { type Bytes, type Cbor, encode, encodeCbor, expectOk, toHex } from "@photon/protocol/codec";
import {
  blobPutInput,
  type Head,
  headBodySchema,
  headHash,
  headPutInput,
  headPutSchema,
  type Manifest,
  maxHead,
  noHead,
  openManifest,
  parseHead,
  sealHead,
  signBlobPut,
  signHeadPut,
  verifyBlobPut,
  verifyHeadPut,
} from "@photon/protocol/archive";
import { readKeyOf } from "@photon/protocol/queue";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const key = fill(32, 1);
const nonce = fill(24, 2);
const wraps = fill(32, 3);
const manifest: Manifest = {
  segments: [
    { hash: fill(32, 4), epoch: 0 },
    { hash: fill(32, 5), epoch: 1 },
  ],
  changes: 12,
  createdAt: 20_454,
  openers: [
    { kind: "device", name: "Ana's laptop" },
    { kind: "passphrase", name: "the one in the safe" },
  ],
};

describe("the body of a head", () => {
  test("opens with its epoch's key, and shows the way to that key without it", () => {
    const body = sealHead(key, { epoch: 1, wraps, manifest }, nonce);
    const head = expectOk(parseHead(body));
    expect(head).toMatchObject({ epoch: 1, wraps, suite: "ed25519-xwing-aes256gcm-sha512" });
    expect(expectOk(openManifest(key, head))).toEqual(manifest);
    expect(openManifest(fill(32, 9), head)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("shows the vault neither a segment's hash nor an opener's name, nor how long that name is", () => {
    const body = sealHead(key, { epoch: 1, wraps, manifest }, nonce);
    expect(toHex(body)).not.toContain(toHex(fill(8, 4)));
    expect(new TextDecoder("latin1").decode(body)).not.toContain("laptop");
    const other = { ...manifest, openers: [{ kind: "device" as const, name: "x" }] };
    expect(sealHead(key, { epoch: 1, wraps, manifest: other }, nonce).length).toBe(body.length);
  });

  test("cannot be put together from two heads", () => {
    const head = expectOk(parseHead(sealHead(key, { epoch: 1, wraps, manifest }, nonce)));
    expect(openManifest(key, { ...head, wraps: fill(32, 9) })).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(openManifest(key, { ...head, epoch: 2 })).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("within its bounds always fits a head", () => {
    const largest: Manifest = {
      segments: Array.from({ length: 200 }, () => ({ hash: fill(32, 255), epoch: 0xffff_ffff, compartment: "authority" as const })),
      changes: 2 ** 53 - 1,
      createdAt: 0xffff_ffff,
      openers: Array.from({ length: 16 }, () => ({ kind: "shares" as const, name: "\uffff".repeat(64), authority: true })),
      relationships: 2 ** 53 - 1,
      authority: { wraps: fill(32, 255), changes: 2 ** 53 - 1, epoch: 0xffff_ffff },
    };
    expect(sealHead(key, { epoch: 0xffff_ffff, wraps, manifest: largest }, nonce).length).toBeLessThanOrEqual(maxHead);
  });

  test("with an unknown suite is refused as that", () => {
    const body = sealHead(key, { epoch: 1, wraps, manifest }, nonce);
    expect(body[2]).toBe(1);
    body[2] = 2;
    expect(parseHead(body)).toMatchObject({ ok: false, error: { code: "unknown-suite" } });
    expect(encode(headBodySchema, expectOk(parseHead(sealHead(key, { epoch: 1, wraps, manifest }, nonce)))).length).toBe(
      body.length,
    );
  });
});

describe("requests to a vault", () => {
  const seed = fill(32, 7);
  const writeKey = readKeyOf(seed);
  const unsigned = { register: fill(16, 8), seq: 1, previous: noHead, body: fill(100, 1), writeKey, keeps: [wraps] };
  const head: Head = signHeadPut(seed, unsigned);

  test("a head is bound to every field of it", () => {
    expect(verifyHeadPut(head)).toBe(true);
    const changes: Partial<Head>[] = [
      { register: fill(16, 9) },
      { seq: 2 },
      { previous: fill(32, 1) },
      { body: fill(100, 2) },
      { writeKey: readKeyOf(fill(32, 1)) },
      { nextKey: writeKey },
      { keeps: [] },
      { signature: fill(64, 1) },
    ];
    for (const change of changes) expect(verifyHeadPut({ ...head, ...change })).toBe(false);
  });

  test("what is signed is all of the head but the signature", () => {
    const whole = encode(headPutSchema, head);
    expect(toHex(headPutInput(head))).not.toContain(toHex(head.signature.slice(0, 8)));
    expect(toHex(whole)).toContain(toHex(head.signature));
    const byHand: [number, Cbor][] = [
      [1, head.register],
      [2, 1],
      [3, noHead],
      [4, head.body],
      [5, writeKey],
      [7, [wraps]],
    ];
    expect(toHex(headPutInput(head))).toBe(toHex(encodeCbor(["photon/vault/head/1", new Map(byHand)])));
    expect(headPutInput(head)).toEqual(headPutInput({ ...head, signature: fill(64, 1) } as Head));
  });

  test("a head is named by its hash, signature included", () => {
    expect(toHex(headHash(head))).not.toBe(toHex(headHash({ ...head, signature: fill(64, 1) })));
    expect(headHash(head).length).toBe(32);
  });

  test("a blob is bound to the register that pays for it", () => {
    const put = signBlobPut(seed, { register: fill(16, 8), body: fill(2000, 3) });
    expect(verifyBlobPut(writeKey, put)).toBe(true);
    expect(verifyBlobPut(writeKey, { ...put, register: fill(16, 9) })).toBe(false);
    expect(verifyBlobPut(writeKey, { ...put, body: fill(2000, 4) })).toBe(false);
    expect(verifyBlobPut(readKeyOf(fill(32, 1)), put)).toBe(false);
    expect(blobPutInput(put)).not.toEqual(headPutInput(head));
  });
});
