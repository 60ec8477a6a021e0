import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectOk, utf8 } from "@photon/protocol/codec";
import {
  contactsFromJsContact,
  contactsFromVcard,
  contactsToJsContact,
  contactsToVcard,
  type ExportedContact,
  type ExportedRelationship,
  parseExport,
  relationshipsFromJson,
  relationshipsToJson,
  verifiedHows,
} from "@photon/protocol/archive";

const ben: ExportedContact = {
  petname: "Ben; \\O'Neill, “the tall one”",
  note: "met in Ávila\nlikes: tea; and, \\n sometimes, cake\t☕",
  verified: { how: "in-person", at: Date.UTC(2026, 0, 2, 3, 4, 5, 6) },
};
const chi: ExportedContact = { petname: "池 👩‍👩‍👧 \u202e" };
/** Any text that can be a petname or a note, but for what vCard cannot write. */
const writable = fc
  .string({
    minLength: 1,
    maxLength: 200,
    unit: fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom("\\", "n", ";", ",", ":", "\n", "\t", " ", '"', "é", "👋"),
    ),
  })
  .map((text) => text.replace(/(?![\t\n])\p{Cc}/gu, ""));
const contact: fc.Arbitrary<ExportedContact> = fc
  .record({
    petname: writable.filter((text) => text.trim() !== ""),
    note: fc.option(
      writable.filter((text) => text !== ""),
      { nil: undefined },
    ),
    verified: fc.option(fc.record({ how: fc.constantFrom(...verifiedHows), at: fc.integer({ min: 0, max: 4e12 }) }), {
      nil: undefined,
    }),
  })
  .map(({ petname, note, verified }) => ({ petname, ...(note === undefined ? {} : { note }), ...(verified ? { verified } : {}) }));

describe("contacts as vCard (RFC 6350)", () => {
  test("come back, with every odd character", () => {
    expect(expectOk(contactsFromVcard(utf8(contactsToVcard([ben, chi]))))).toEqual({ contacts: [ben, chi], skipped: 0 });
    fc.assert(
      fc.property(fc.array(contact, { minLength: 1, maxLength: 5 }), (contacts) => {
        expect(expectOk(contactsFromVcard(utf8(contactsToVcard(contacts))))).toEqual({ contacts, skipped: 0 });
      }),
    );
  });

  test("are lines of at most 75 octets, broken between characters", () => {
    const text = contactsToVcard([{ petname: "é👋".repeat(100), note: "x".repeat(500) }]);
    expect(text.endsWith("\r\n")).toBe(true);
    for (const line of text.split("\r\n")) {
      expect(utf8(line).length).toBeLessThanOrEqual(75);
      expect(line).not.toMatch(/\p{Surrogate}/u);
    }
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("cannot be broken out of: a petname that looks like vCard stays a petname", () => {
    const sly = { petname: "Dee\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Ana" };
    const { contacts } = expectOk(contactsFromVcard(utf8(contactsToVcard([sly]))));
    expect(contacts).toEqual([{ petname: "Dee\nEND:VCARD\nBEGIN:VCARD\nFN:Ana" }]);
  });

  test("leave out control characters, which vCard cannot write", () => {
    expect(contactsToVcard([{ petname: "Be\u0000n\u001b[31m\u0085" }])).toContain("FN:Ben[31m\r\n");
  });

  test("of other programs are read as far as they have a name", () => {
    const other =
      'BEGIN:VCARD\nVERSION:3.0\nitem1.FN;CHARSET=UTF-8;X="a:b":Ben\nfn:Other\nTEL:1\nEND:VCARD\nBEGIN:VCARD\nN:x\nEND:VCARD\n';
    expect(expectOk(contactsFromVcard(utf8(other)))).toEqual({ contacts: [{ petname: "Ben" }], skipped: 1 });
    for (const none of ["", "hello", "BEGIN:VCARD\nFN:Ben\n"]) {
      expect(contactsFromVcard(utf8(none))).toMatchObject({ ok: false, error: { code: "malformed" } });
    }
  });
});

describe("contacts as JSContact (RFC 9553)", () => {
  test("come back, with every odd character", () => {
    fc.assert(
      fc.property(fc.array(contact, { minLength: 1, maxLength: 5 }), (contacts) => {
        expect(expectOk(contactsFromJsContact(utf8(contactsToJsContact(contacts))))).toEqual({ contacts, skipped: 0 });
      }),
    );
  });

  test("are Cards with what the RFC asks of them", () => {
    const [card] = JSON.parse(contactsToJsContact([ben])) as Record<string, unknown>[];
    expect(card).toMatchObject({ "@type": "Card", version: "1.0", name: { full: ben.petname }, notes: { n1: { note: ben.note } } });
    expect(card?.["uid"]).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  });

  test("of other programs are read as far as they have a name", () => {
    const other = [
      {
        "@type": "Card",
        version: "1.0",
        name: {
          components: [
            { kind: "given", value: "Ben" },
            { kind: "surname", value: "O" },
          ],
        },
      },
      { "@type": "Card" },
      7,
    ];
    expect(expectOk(contactsFromJsContact(utf8(JSON.stringify(other))))).toEqual({ contacts: [{ petname: "Ben O" }], skipped: 2 });
    for (const none of ["[]", "7", "{}", "[{}]", '{"__proto__": 1}'])
      expect(contactsFromJsContact(utf8(none))).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
    expect(contactsFromJsContact(utf8("{"))).toMatchObject({ ok: false, error: { code: "malformed" } });
  });
});

const relationship: ExportedRelationship = {
  ...ben,
  state: "active",
  custody: "device (software)",
  history: [{ at: 1_700_000_000_000, side: "peer", kind: "retire", grade: "continuous", words: "retired a device (lost)" }],
  messages: [
    { id: "0".repeat(32), from: "me", kind: "text", sent: 1_700_000_000_001, body: "Hello, Ben\u0007" },
    { id: "f".repeat(32), from: "peer", kind: "text", sent: 1_700_000_000_002, body: "Hello, Ana" },
    { id: "1".repeat(32), from: "me", kind: "text", sent: 1_700_000_000_003, body: "You are there", state: "delivered" },
    { id: "2".repeat(32), from: "me", kind: "text", sent: 1_700_000_000_004, body: "Are you?", state: "queued" },
  ],
};

describe("relationships without keys", () => {
  test("come back, and written again give the same bytes", () => {
    const text = relationshipsToJson([relationship]);
    const { relationships, skipped } = expectOk(relationshipsFromJson(utf8(text)));
    expect({ relationships, skipped }).toEqual({ relationships: [relationship], skipped: 0 });
    expect(relationshipsToJson(relationships)).toBe(text);
  });

  test("hold the fields of the specification and nothing else, whatever is passed in", () => {
    const careless = {
      ...relationship,
      sealKey: "SECRET",
      messages: relationship.messages.map((one) => ({ ...one, ratchet: "SECRET" })),
      history: relationship.history.map((one) => ({ ...one, seed: "SECRET" })),
      verified: { how: "in-person" as const, at: 1, key: "SECRET" },
    };
    expect(relationshipsToJson([careless])).not.toContain("SECRET");
  });

  test("that are not understood are counted, not guessed at", () => {
    const damaged = {
      format: "photon-relationships",
      version: 1,
      relationships: [
        {
          ...relationship,
          verified: { how: "in-person", at: "2026-01-01T00:00:00.000Z" },
          messages: [...relationship.messages, { ...relationship.messages[1], state: "delivered" }, { id: "x" }, null],
          history: [{}],
        },
        { petname: 7 },
      ],
    };
    const { relationships, skipped } = expectOk(relationshipsFromJson(utf8(JSON.stringify(damaged))));
    expect([relationships.length, relationships[0]?.messages.length, skipped]).toEqual([1, 5, 4]);
    expect(relationships[0]?.messages.map(({ state }) => state)).toEqual([undefined, undefined, "delivered", "queued", undefined]);
    expect(relationshipsFromJson(utf8('{"format":"photon-relationships","version":2,"relationships":[]}'))).toMatchObject({
      ok: false,
      error: { code: "unknown-version" },
    });
    expect(relationshipsFromJson(utf8("{}"))).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });
});

describe("a hostile file", () => {
  test.each([
    ["a parameter without an end", `BEGIN:VCARD\nFN;${"a".repeat(15e6)}\nEND:VCARD`],
    ["quoted parameters", `BEGIN:VCARD\nFN;${'"a"'.repeat(4e6)}\nEND:VCARD`],
    ["folds", `BEGIN:VCARD\nFN:x${"\n a".repeat(1e6)}\nEND:VCARD`],
    ["lists in lists", `[${"[".repeat(15e6)}`],
    ["objects in objects", '{"a":'.repeat(3e6)],
    ["brackets after a quoted backslash", `["\\\\", ${"[".repeat(1e6)}`],
  ])("of megabytes ends with a typed error or a skipped card, and soon: %s", (_, text) => {
    const parsed = parseExport(utf8(text));
    if (parsed.ok) expect(parsed.value.kind === "contacts-vcard" && parsed.value.skipped).toBe(1);
    // Refused for its depth, before the platform's parser spends minutes and gigabytes on it.
    else expect(parsed.error.code).toBe("out-of-range");
  });
});

describe("an exported file", () => {
  test("says which of the three it is", () => {
    expect(expectOk(parseExport(utf8(contactsToVcard([ben])))).kind).toBe("contacts-vcard");
    expect(expectOk(parseExport(utf8(contactsToJsContact([ben])))).kind).toBe("contacts-jscontact");
    expect(expectOk(parseExport(utf8(relationshipsToJson([relationship])))).kind).toBe("relationships");
    for (const none of ["", "hello", "[]", "null"]) expect(parseExport(utf8(none)).ok).toBe(false);
  });
});
