import { describe, expect, test } from "vitest";
import { type Bytes, concat, decode, encode, toHex, utf8 } from "@photon/protocol/codec";
import {
  appendMac,
  appendWriter,
  createSchema,
  deleteInput,
  ownerKey,
  ownerSeed,
  proveAppend,
  readInput,
  readKeyOf,
  signDelete,
  signMove,
  signRead,
  signRotate,
  signTrim,
  verifyAppendMac,
  verifyDelete,
  verifyMove,
  verifyRead,
  verifyRotate,
  verifyTrim,
} from "@photon/protocol/queue";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const key = fill(32, 1);
const seed = fill(32, 2);
const readKey = readKeyOf(seed);
const append = { sendId: fill(16, 3), appendId: fill(16, 4), body: fill(1024, 5) };

describe("an append", () => {
  test("is authorised by any of the write keys, and by nothing else", () => {
    const request = proveAppend(key, append);
    expect(verifyAppendMac([fill(32, 9), key], request)).toBe(true);
    expect(verifyAppendMac([key, fill(32, 9)], request)).toBe(true);
    expect(verifyAppendMac([fill(32, 9)], request)).toBe(false);
    expect(verifyAppendMac([], request)).toBe(false);
    expect(verifyAppendMac([key], { ...request, mac: request.mac.slice(1) })).toBe(false);
  });

  test("tells whose key made its MAC", () => {
    const keys = [fill(32, 9), key, fill(32, 8)];
    expect(keys.map((one) => appendWriter(keys, proveAppend(one, append)))).toEqual([0, 1, 2]);
    expect(appendWriter(keys, proveAppend(fill(32, 7), append))).toBeUndefined();
  });

  test("is bound to its queue, its id and its body", () => {
    const request = proveAppend(key, append);
    for (const change of [{ sendId: fill(16, 9) }, { appendId: fill(16, 9) }, { body: fill(1024, 9) }, { mac: fill(32, 9) }]) {
      expect(verifyAppendMac([key], { ...request, ...change })).toBe(false);
    }
  });

  test("has the MAC of the specification", async () => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", append.body));
    const input = concat(utf8("photon/relay/append/1"), append.sendId, append.appendId, digest);
    const native = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    expect(toHex(appendMac(key, append))).toBe(toHex(new Uint8Array(await crypto.subtle.sign("HMAC", native, input))));
  });
});

describe("requests that are signed", () => {
  const receiveId = fill(16, 6);
  const read = signRead(seed, { receiveId, after: 5, limit: 100 });
  const rotate = signRotate(seed, { receiveId, version: 1, readKey, writeKeys: [key] });
  const move = signMove(seed, { receiveId, bundle: fill(200, 7) });
  const trim = signTrim(seed, { receiveId, upTo: 7 });
  const remove = signDelete(seed, { receiveId });

  test("verify with one key alone", () => {
    const stranger = readKeyOf(fill(32, 99));
    expect([verifyRead(readKey, read), verifyRead(stranger, read)]).toEqual([true, false]);
    expect([verifyRotate(readKey, rotate), verifyRotate(stranger, rotate)]).toEqual([true, false]);
    expect([verifyMove(readKey, move), verifyMove(stranger, move)]).toEqual([true, false]);
    expect([verifyTrim(readKey, trim), verifyTrim(stranger, trim)]).toEqual([true, false]);
    expect([verifyDelete(readKey, remove), verifyDelete(stranger, remove)]).toEqual([true, false]);
  });

  test("are bound to every field", () => {
    const elsewhere = { receiveId: fill(16, 9) };
    for (const change of [elsewhere, { after: 6 }, { limit: 101 }]) expect(verifyRead(readKey, { ...read, ...change })).toBe(false);
    for (const change of [elsewhere, { version: 2 }, { readKey: key }, { writeKeys: [key, key] }]) {
      expect(verifyRotate(readKey, { ...rotate, ...change })).toBe(false);
    }
    for (const change of [elsewhere, { bundle: fill(200, 8) }]) expect(verifyMove(readKey, { ...move, ...change })).toBe(false);
    for (const change of [elsewhere, { upTo: 8 }]) expect(verifyTrim(readKey, { ...trim, ...change })).toBe(false);
    expect(verifyDelete(readKey, { ...remove, ...elsewhere })).toBe(false);
  });

  test("prove one kind of request only", () => {
    expect(verifyDelete(readKey, { receiveId, signature: read.signature })).toBe(false);
    expect(verifyTrim(readKey, { receiveId, upTo: 7, signature: remove.signature })).toBe(false);
    expect(deleteInput({ receiveId })).not.toEqual(readInput({ receiveId, after: 0, limit: 1 }));
  });
});

describe("a board", () => {
  const adminSeed = fill(32, 30);
  const adminKey = readKeyOf(adminSeed);
  const writers = (count: number): Bytes[] => Array.from({ length: count }, (_, i) => fill(32, 100 + i));
  const board = (writeKeys: readonly Bytes[]) => ({ receiveId: fill(16, 6), sendId: fill(16, 7), readKey, writeKeys, adminKey });

  test("is changed by its admin key, any other queue by its read key", () => {
    expect(ownerKey({ readKey, adminKey })).toBe(adminKey);
    expect(ownerKey({ readKey })).toBe(readKey);
    expect(ownerSeed({ readSeed: seed, adminSeed })).toBe(adminSeed);
    expect(ownerSeed({ readSeed: seed })).toBe(seed);
  });

  test("has up to 24 writers, all different; any other queue has 4", () => {
    const decoded = (bytes: Bytes) => decode(createSchema, bytes, 10_000).ok;
    expect(decoded(encode(createSchema, board(writers(24))))).toBe(true);
    expect(() => encode(createSchema, board(writers(25)))).toThrow();
    expect(() => encode(createSchema, board([key, fill(32, 9), key]))).toThrow("twice");
    expect(decoded(encode(createSchema, { ...board(writers(4)), adminKey: undefined }))).toBe(true);
    expect(() => encode(createSchema, { ...board(writers(5)), adminKey: undefined })).toThrow("only a board");
  });
});
