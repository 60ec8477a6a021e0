import { describe, expect, test } from "vitest";
import { type Bytes, concat, toHex, utf8 } from "@photon/protocol/codec";
import { fingerprint, pictureNames, safetyWords } from "@photon/protocol/meeting";
import { makeSideId, makeStatementId } from "@photon/protocol/statement";

const fill = (value: number): Bytes => new Uint8Array(32).fill(value);
const ana = fingerprint(makeSideId(fill(1)), makeStatementId(fill(2)));
const ben = fingerprint(makeSideId(fill(3)), makeStatementId(fill(4)));

describe("safety words", () => {
  test("are the same for both people, whoever asks", () => {
    expect(safetyWords(ana, ben)).toEqual(safetyWords(ben, ana));
  });

  test("are twenty words, 35 digits for each side, and named pictures", () => {
    const { words, digits, pictures } = safetyWords(ana, ben);
    expect(words.length).toBe(20);
    expect(digits).toMatch(/^\d{5}( \d{5}){13}$/u);
    expect(pictures.length).toBe(34);
    for (const picture of pictures) expect(pictureNames).toContain(picture);
  });

  test("show more than 100 bits of each side in every form: any of the first 100 bits changes each", () => {
    const before = safetyWords(ana, ben);
    for (let bit = 0; bit < 100; bit++) {
      const other = ana.slice();
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      const after = safetyWords(other, ben);
      expect(after.words.join()).not.toBe(before.words.join());
      expect(after.digits).not.toBe(before.digits);
      expect(after.pictures.join()).not.toBe(before.pictures.join());
    }
    expect([10 * 11, 35 * Math.log2(10), 17 * 6].every((bits) => bits > 100)).toBe(true);
  });

  test("stand for the side and the statement that founded it", () => {
    expect(toHex(fingerprint(makeSideId(fill(1)), makeStatementId(fill(9))))).not.toBe(toHex(ana));
    expect(toHex(fingerprint(makeSideId(fill(9)), makeStatementId(fill(2))))).not.toBe(toHex(ana));
  });

  test("are stretched as the specification says", async () => {
    const password = await crypto.subtle.importKey("raw", concat(fill(1), fill(2)), "PBKDF2", false, ["deriveBits"]);
    const parameters = { name: "PBKDF2", hash: "SHA-512", salt: utf8("photon/safety/1"), iterations: 16_384 };
    expect(toHex(ana)).toBe(toHex(new Uint8Array(await crypto.subtle.deriveBits(parameters, password, 512))));
  });

  test("have 64 pictures with one name each", () => {
    expect(new Set(pictureNames).size).toBe(64);
  });
});
