import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asBytes } from "@photon/protocol/codec";
import { answerWords, type Answered, sameAnswer } from "@photon/protocol/recovery";
import { deal, laterDeal } from "../trustees/people.ts";
import { ben, chi, dealerKey, digest, fill, otherDigest } from "./people.ts";

const answered: Answered = {
  request: digest,
  author: asBytes(ben.signer.publicKey),
  dealerKey,
  verification: deal.verification.data,
};
const words = answerWords(answered);

describe("the words that a trustee reads back", () => {
  test("are three of the list, and always the same for one answer", () => {
    expect(words).toMatch(/^[a-z]{3,8} [a-z]{3,8} [a-z]{3,8}$/u);
    expect(answerWords({ ...answered })).toBe(words);
  });

  test("are others for another request, another trustee, another dealer, or other verification data", () => {
    const others = [
      { request: otherDigest },
      { author: asBytes(chi.signer.publicKey) },
      { dealerKey: fill(32, 1) },
      { verification: laterDeal.verification.data },
    ].map((change) => answerWords({ ...answered, ...change }));
    expect(new Set([words, ...others]).size).toBe(others.length + 1);
  });

  test("use every bit of what they stand for: every word of the list comes first, second and third", () => {
    const seen = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (let number = 0; number < 4000; number++) {
      const author = Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? (number >> (8 * at)) & 255 : 0));
      for (const [at, word] of answerWords({ ...answered, author })
        .split(" ")
        .entries())
        seen[at]?.add(word);
    }
    // Of 2048 words, 4000 draws are expected to meet 1758.
    for (const place of seen) expect(place.size).toBeGreaterThan(1600);
  });

  test("are the same however they are typed, and not with a word less, more, or in another order", () => {
    const [first = "", second = "", third = ""] = words.split(" ");
    const separators = fc.constantFrom(" ", "  ", ", ", "-", "\n", ". ");
    fc.assert(
      fc.property(separators, separators, fc.boolean(), (one, two, loud) => {
        const typed = ` ${first}${one}${second}${two}${third}. `;
        expect(sameAnswer(loud ? typed.toUpperCase() : typed, words)).toBe(true);
      }),
    );
    for (const typed of ["", first, `${first} ${second}`, `${words} ${first}`, `${second} ${first} ${third}`, words.slice(0, -1)])
      expect(sameAnswer(typed, words)).toBe(false);
  });
});
