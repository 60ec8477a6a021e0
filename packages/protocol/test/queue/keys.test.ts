import { describe, expect, test } from "vitest";
import { type Bytes, concat, toHex, utf8 } from "@photon/protocol/codec";
import { makeQueueKeys, rotationKeys } from "@photon/protocol/queue";

const random: Bytes = new Uint8Array(96).map((_, i) => i);

describe("queue keys", () => {
  test("take each random byte once: no id shows anything of a key", () => {
    const keys = makeQueueKeys(random);
    expect(toHex(concat(keys.receiveId, keys.sendId, keys.readSeed, keys.root))).toBe(toHex(random));
    expect(() => makeQueueKeys(random.slice(1))).toThrow(/at least 96/u);
  });

  test("of the n-th rotation are the same on every device of a side, and of no other rotation", () => {
    const { root } = makeQueueKeys(random);
    expect(rotationKeys(root, 3)).toEqual(rotationKeys(root.slice(), 3));
    const all = [0, 1, 2, 255, 256, 0xffff_ffff].flatMap((n) => Object.values(rotationKeys(root, n)).map(toHex));
    expect(new Set([...all, toHex(root)]).size).toBe(13);
    for (const wrong of [-1, 0.5, 2 ** 32]) expect(() => rotationKeys(root, wrong)).toThrow();
  });

  test("are the HKDF of the specification", async () => {
    const info = concat(utf8("photon/queue/rotation/1"), Uint8Array.of(0, 0, 1, 2));
    const root = await crypto.subtle.importKey("raw", makeQueueKeys(random).root, "HKDF", false, ["deriveBits"]);
    const parameters = { name: "HKDF", hash: "SHA-512", salt: new Uint8Array(0), info };
    const expected = toHex(new Uint8Array(await crypto.subtle.deriveBits(parameters, root, 512)));
    const { writeKey, sealKey } = rotationKeys(makeQueueKeys(random).root, 258);
    expect(toHex(concat(writeKey, sealKey))).toBe(expected);
  });
});
