import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bech32 } from "@scure/base";
import { type Bytes, concat, equalBytes, expectOk, toHex, utf8 } from "@photon/protocol/codec";
import {
  checkRequest,
  codeOf as codeOfRequest,
  decodeRequest,
  encodeRequest,
  maxRequest,
  openRequest,
  parseRequestCode,
  requestDigest,
  sealRequest,
} from "@photon/protocol/recovery";
import { sealBucket } from "@photon/protocol/queue";
import { codeOf, digest, fill, flip, newPhone, otherRequest, relay, request, requestOf } from "./people.ts";

const code = codeOfRequest(request, relay);
const nonce = fill(24, 9);
const drop = expectOk(sealRequest(code, request, nonce));
const [name = "", ...words] = code.spoken.split(" ");

describe("a request", () => {
  test("comes back as it was, and is named by a digest of its own domain", () => {
    const decoded = expectOk(decodeRequest(request));
    expect(decoded).toMatchObject({ device: "Ana's new phone", recipient: newPhone.recipient });
    expect(encodeRequest(decoded)).toEqual(request);
    expect(requestDigest(request)).toHaveLength(32);
    expect(requestDigest(request)).not.toEqual(requestDigest(otherRequest));
  });

  test("is another one if any field of it is another", () => {
    const changes = [
      { created: 1 },
      { device: "Ana's old phone" },
      { recipient: `${newPhone.recipient.slice(0, -1)}q` },
      { signKey: fill(32, 7) },
      { reply: { relay, sendId: fill(16, 1), writeKey: fill(32, 2), sealKey: fill(32, 4), rotation: 0 } },
    ];
    const digests = changes.map((change) => toHex(requestDigest(requestOf(change))));
    expect(new Set([toHex(digest), ...digests]).size).toBe(changes.length + 1);
  });

  test("of another suite is refused", () => {
    const at = request.findIndex((byte, i) => byte === 1 && request[i - 1] === 1 && i === 2);
    expect(codeOf(decodeRequest(flip(request, at, 3)))).toBe("unknown-suite");
  });

  test("that would have shares travel under a key that is not hybrid is refused", () => {
    const classical = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    for (const recipient of [classical, "", "age1tag1qqq", "AGE1PQ1", ` ${newPhone.recipient}`])
      expect(codeOf(decodeRequest(requestOf({ recipient })))).toBe("unknown-suite");
  });

  test("cut short, with a byte more, or longer than an entry takes, is refused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: request.length - 1 }), (length) => {
        expect(codeOf(decodeRequest(request.slice(0, length)))).toBe("malformed");
      }),
      { numRuns: 50 },
    );
    expect(codeOf(decodeRequest(concat(request, fill(1, 0))))).toBe("malformed");
    expect(codeOf(decodeRequest(concat(request, fill(maxRequest, 0))))).toBe("too-long");
  });
});

describe("the code of a request", () => {
  test("is the relay's name and twelve words, and leads to the drop and to nothing else", () => {
    expect(name).toBe("relay.example");
    expect(words).toHaveLength(12);
    const parsed = expectOk(parseRequestCode(code.spoken));
    expect(parsed).toEqual(code);
    expect(equalBytes(parsed.entropy, digest.slice(0, 16))).toBe(true);
    const secrets = [parsed.dropId, parsed.sealKey, parsed.entropy].map(toHex);
    expect(new Set(secrets.map((secret) => secret.slice(0, 32))).size).toBe(3);
  });

  test("is read as it is spoken: without the relay's name, in capitals, with commas", () => {
    expect(parseRequestCode(words.join(" "), relay)).toEqual({ ok: true, value: code });
    expect(parseRequestCode(`  ${code.spoken.toUpperCase()}. `)).toEqual({ ok: true, value: code });
    expect(parseRequestCode(words.join(", "), relay)).toEqual({ ok: true, value: code });
    expect(codeOf(parseRequestCode(words.join(" ")))).toBe("bad-invitation");
  });

  test("with a word less, a word more, a word that is none, or two that changed places, is refused", () => {
    const outcome = (...said: string[]): string => codeOf(parseRequestCode([name, ...said].join(" ")));
    expect(outcome(...words.slice(0, -1))).toBe("invitation-truncated");
    expect(outcome(...words, "zoo")).toBe("invitation-mistyped");
    expect(outcome(...words.with(3, "photonic"))).toBe("invitation-mistyped");
    const [first = "", second = "", ...rest] = words;
    expect(outcome(second, first, ...rest)).toBe("invitation-mistyped");
  });

  test("typed with any one word changed never opens this request", () => {
    const all = ["abandon", "ability", "zoo", "zone", "legal", "winner", "yellow"];
    fc.assert(
      fc.property(fc.nat(11), fc.constantFrom(...all), (at, word) => {
        fc.pre(words[at] !== word);
        const typed = parseRequestCode([name, ...words.with(at, word)].join(" "));
        expect(typed.ok ? codeOf(openRequest(typed.value, drop)) : typed.error.code).toBe(
          typed.ok ? "cannot-open" : "invitation-mistyped",
        );
      }),
    );
  });
});

describe("what lies in the drop", () => {
  test("is the request that the code was made of", () => {
    const found = expectOk(openRequest(code, drop));
    expect(found.bytes).toEqual(request);
    expect(found.digest).toEqual(digest);
    expect(found.request.device).toBe("Ana's new phone");
  });

  test("if somebody who overheard the words has swapped it, is refused", () => {
    const swapped = expectOk(sealRequest(code, otherRequest, nonce));
    expect(openRequest(code, swapped)).toMatchObject({ ok: false, error: { code: "wrong-shape", detail: expect.stringContaining("another request") as string } }); // prettier-ignore
  });

  test("if one byte of it differs, is refused, be it sealed anew or not", () => {
    fc.assert(
      fc.property(fc.nat(request.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        expect(codeOf(openRequest(code, expectOk(sealRequest(code, flip(request, at, bits), nonce))))).toBe("wrong-shape");
      }),
      { numRuns: 50 },
    );
    expect(codeOf(openRequest(code, flip(drop, 500)))).toBe("cannot-open");
    expect(codeOf(openRequest(code, drop.slice(0, -1)))).toBe("out-of-range");
    expect(codeOf(openRequest(codeOfRequest(otherRequest, relay), drop))).toBe("cannot-open");
  });

  test("if it was sealed for another purpose, is refused", () => {
    const elsewhere = expectOk(sealBucket(code.sealKey, "photon/offer/1", request, nonce));
    expect(codeOf(openRequest(code, elsewhere))).toBe("cannot-open");
  });

  test("is compared before it is read: what a stranger wrote is not even decoded", () => {
    expect(codeOf(checkRequest(utf8("no request at all"), code.entropy))).toBe("wrong-shape");
    expect(codeOf(checkRequest(request, fill(16, 0)))).toBe("wrong-shape");
    expect(codeOf(checkRequest(request, digest))).toBe("wrong-shape");
  });
});

describe("whoever makes the code of a request themselves", () => {
  const bytesOf = (recipient: string): Uint8Array =>
    bech32.fromWords(bech32.decode(recipient as `${string}1${string}`, false).words);
  const recipientOf = (bytes: Uint8Array, prefix = "age1pq"): string => bech32.encode(prefix, bech32.toWords(bytes), false);
  const opened = (recipient: string): string => {
    const bytes: Bytes = requestOf({ recipient });
    const own = codeOfRequest(bytes, relay);
    return codeOf(openRequest(own, expectOk(sealRequest(own, bytes, nonce))));
  };

  test("cannot name a key to which no answer can be sealed: it would stop a trustee's every pass", () => {
    const good = bytesOf(newPhone.recipient);
    expect(opened(recipientOf(good))).toBe("good");
    for (const recipient of [
      "age1pq1",
      "age1pq1 ",
      newPhone.recipient.slice(0, -1),
      `${newPhone.recipient.slice(0, -1)}${newPhone.recipient.endsWith("q") ? "p" : "q"}`,
      recipientOf(good, "age1pq1x"),
      recipientOf(good.slice(1)),
      recipientOf(concat(good, fill(1, 0))),
      recipientOf(concat(fill(3, 255), good.slice(3))),
      recipientOf(concat(good.slice(0, 1184), fill(32, 0))),
    ]) {
      expect(opened(recipient)).toBe("malformed");
    }
    for (const recipient of ["age1pq1", recipientOf(good.slice(1)), recipientOf(good, "age1pq1x")])
      expect(codeOf(decodeRequest(requestOf({ recipient })))).toBe("malformed");
  });
});
