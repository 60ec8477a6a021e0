import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, expectOk, toHex } from "@photon/protocol/codec";
import { makeInvitation, parseInvitation, relayOfInvitation } from "@photon/protocol/meeting";
import { makeStatementId } from "@photon/protocol/statement";

const entropy: Bytes = new Uint8Array(16).map((_, i) => i * 11 + 3);
const found = makeStatementId(new Uint8Array(32).map((_, i) => 255 - i));
const expires = Date.UTC(2026, 5, 1);
const relay = "https://relay.example";
const invitation = makeInvitation({ entropy, relay, found, expires });
const [name = "", ...words] = invitation.words.split(" ");

/** The code of the refusal, or what was read. */
const outcome = (text: string, fallback?: string): unknown => {
  const parsed = parseInvitation(text, fallback);
  return parsed.ok ? toHex(parsed.value.entropy) : parsed.error.code;
};
const read = toHex(entropy);
const detailOf = (text: string): string => {
  const parsed = parseInvitation(text);
  return parsed.ok ? "" : parsed.error.detail;
};

describe("an invitation", () => {
  test("comes back from its link with relay, found, expiry and keys", () => {
    const parsed = expectOk(parseInvitation(invitation.link));
    expect(parsed).toEqual({
      relay,
      entropy,
      found,
      expires,
      dropId: invitation.dropId,
      sealKey: invitation.sealKey,
      id: invitation.id,
    });
    expect(invitation.link.startsWith("https://relay.example/i#")).toBe(true);
  });

  test("comes back from its words with relay and keys", () => {
    const parsed = expectOk(parseInvitation(invitation.words));
    expect(parsed).toMatchObject({ relay, entropy, dropId: invitation.dropId, sealKey: invitation.sealKey, id: invitation.id });
    expect(parsed.found).toBeUndefined();
    expect(name).toBe("relay.example");
    expect(words.length).toBe(12);
  });

  test("of any entropy, relay and time comes back both ways", () => {
    const relays = [
      "https://relay.example",
      "https://r.example:8443",
      "http://localhost:4000",
      "http://127.0.0.1:99",
      "https://localhost",
      "https://[::1]:9",
      "http://[::1]:9",
    ];
    const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => new Uint8Array(bytes));
    fc.assert(
      fc.property(sixteen, fc.constantFrom(...relays), fc.integer({ min: 2 ** 32, max: 2 ** 45 }), (random, at, until) => {
        const made = makeInvitation({ entropy: random, relay: at, found, expires: until });
        expect(expectOk(parseInvitation(made.link))).toMatchObject({ relay: at, entropy: random, expires: until });
        expect(expectOk(parseInvitation(made.words))).toMatchObject({ relay: at, entropy: random });
      }),
    );
  });

  test("has three keys that say nothing of each other or of the entropy", () => {
    const keys = [invitation.dropId, invitation.sealKey, invitation.id, entropy].map(toHex);
    expect(new Set(keys.map((key) => key.slice(0, 16))).size).toBe(4);
  });

  test("says which relay it names, and none for bare words", () => {
    expect(expectOk(relayOfInvitation(invitation.link))).toBe(relay);
    expect(expectOk(relayOfInvitation(invitation.words))).toBe(relay);
    expect(expectOk(relayOfInvitation(words.join(" ")))).toBeUndefined();
    expect(outcome(words.join(" "), relay)).toBe(read);
    expect(outcome(words.join(" "))).toBe("bad-invitation");
  });
});

describe("a truncated invitation is refused as truncated", () => {
  test("a link cut short anywhere", () => {
    for (let length = 1; length < invitation.link.length; length++) {
      const cut = invitation.link.slice(0, length);
      expect({ cut, is: outcome(cut) }).toEqual({ cut, is: length < 4 ? "bad-invitation" : "invitation-truncated" });
    }
  });

  test("words cut short anywhere after the first", () => {
    const from = invitation.words.indexOf(" ", name.length + 1);
    for (let length = from; length < invitation.words.length; length++) {
      const cut = invitation.words.slice(0, length);
      expect({ cut, is: outcome(cut) }).toEqual({ cut, is: "invitation-truncated" });
    }
  });

  test("eleven words, with and without the relay", () => {
    expect(outcome(invitation.words.split(" ").slice(0, 12).join(" "))).toBe("invitation-truncated");
    expect(outcome(words.slice(0, 11).join(" "), relay)).toBe("invitation-truncated");
    expect(detailOf(`${name} ${words.slice(1).join(" ")}`)).toBe("11 of 12 words");
  });
});

describe("a mistyped invitation is refused as mistyped", () => {
  test("one character of the link changed", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_!~";
    for (let at = "https://".length; at < invitation.link.length; at++) {
      for (const offset of [1, 17, 40]) {
        const original = invitation.link[at] ?? "";
        const character = alphabet[(alphabet.indexOf(original) + offset + alphabet.length) % alphabet.length] ?? "";
        if (character.toLowerCase() === original.toLowerCase()) continue;
        const changed = invitation.link.slice(0, at) + character + invitation.link.slice(at + 1);
        const last = at === invitation.link.length - 1 && character === "!";
        expect({ changed, is: outcome(changed) }).toEqual({ changed, is: last ? "invitation-truncated" : "invitation-mistyped" });
      }
    }
  });

  test("two characters that changed places, or one too many", () => {
    const at = invitation.link.indexOf("#") + 20;
    const swapped =
      invitation.link.slice(0, at) + (invitation.link[at + 1] ?? "") + (invitation.link[at] ?? "") + invitation.link.slice(at + 2);
    expect(outcome(swapped)).toBe("invitation-mistyped");
    expect(outcome(`${invitation.link.slice(0, at)}A${invitation.link.slice(at)}`)).toBe("invitation-mistyped");
  });

  test("a word that is not in the list, with the nearest ones", () => {
    const typed = invitation.words.replace(words[3] ?? "", "zebrra");
    expect(outcome(typed)).toBe("invitation-mistyped");
    expect(detailOf(typed)).toBe("word 4, “zebrra”, is not in the list; perhaps “zebra”");
    expect(detailOf(invitation.words.replace(words[0] ?? "", "qqqqqqq"))).toBe("word 1, “qqqqqqq”, is not in the list");
  });

  test("words that are all in the list but not these", () => {
    // The checksum has four bits: of sixteen other words in one place, about one slips through.
    const others = ["zoo", "able", "about", "above", "absent", "absorb", "abstract", "absurd", "abuse", "access"];
    const outcomes = others.map((word) => outcome([name, word, ...words.slice(1)].join(" ")));
    expect(outcomes.filter((one) => one === "invitation-mistyped").length).toBeGreaterThanOrEqual(7);
    expect(outcome(`${invitation.words} zoo`)).toBe("invitation-mistyped");
  });
});

describe("what a keyboard or a mail program adds is tolerated", () => {
  test("white space, line breaks, quotes, brackets, punctuation, invisible marks", () => {
    const { link } = invitation;
    const half = Math.floor(link.length / 2);
    for (const form of [
      `  ${link}\n`,
      `<${link}>`,
      `"${link}".`,
      `“${link}”`,
      `${link.slice(0, half)}\n  ${link.slice(half)}`,
      `${link.slice(0, half)}=\r\n`.replace("=", "") + link.slice(half),
      `\u200e${link}\u200b`,
      link.replace("https://relay", "HTTPS://Relay"),
      `  ${invitation.words.replaceAll(" ", "   ")}  `,
      invitation.words.replaceAll(" ", "\n"),
      invitation.words.toUpperCase(),
      `'${invitation.words}'.`,
      words.join(", ").replace(/^/u, `${name} `),
      `https://${invitation.words}`,
      `https://${name}/ ${words.join(" ")}`,
    ]) {
      expect({ form, is: outcome(form) }).toEqual({ form, is: read });
    }
  });

  test("a relay in the network without a dot in its name", () => {
    expect(expectOk(parseInvitation(`printer ${words.join(" ")}`)).relay).toBe("https://printer");
  });
});

describe("what is no invitation is refused as that", () => {
  test("other text, other links, nothing", () => {
    for (const text of [
      "",
      "   ",
      "greetings",
      "hello there, how are you today my friend",
      "https://relay.example/about",
      "https://relay.example/i?x=1",
      "ftp://relay.example",
      "\u0000\u0001",
      "a".repeat(5000),
    ]) {
      expect({ text, is: outcome(text) }).toEqual({ text, is: text.length === 5000 ? "invitation-mistyped" : "bad-invitation" });
    }
  });

  test("plain http to anything but this machine", () => {
    expect(() => makeInvitation({ entropy, relay: "http://relay.example", found, expires })).toThrow();
    expect(outcome(`http://relay.example ${words.join(" ")}`)).toBe("invitation-mistyped");
    expect(outcome(invitation.link.replace("https:", "http:"))).toBe("invitation-mistyped");
  });
});
