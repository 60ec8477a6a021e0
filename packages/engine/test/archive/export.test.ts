import { describe, expect, test } from "vitest";
import { type Bytes, utf8 } from "@photon/protocol/codec";
import {
  contactsToJsContact,
  contactsToVcard,
  type ExportedRelationship,
  openWithPassphrase,
  relationshipsToJson,
  sealWithPassphrase,
} from "@photon/protocol/archive";
import { exportAs, exportPlain } from "../../src/archive/export.ts";
import { importFrom } from "../../src/archive/import.ts";
import { listContacts } from "../../src/meeting/contacts.ts";
import { shownMessages } from "../../src/conversation/messages.ts";
import { reconcile } from "../../src/circle/reconcile.ts";
import { loadRelationship } from "../../src/relationship/relationship.ts";
import type { ExportKind, ImportReport } from "../../src/api.ts";
import { makePerson, type TestDevice } from "./people.ts";

const passphrase = "a long walk by the sea";
const cheap = 4;

const at = Date.UTC(2025, 5, 1);
const message = (id: number, from: "me" | "peer", sent: number, body: string, kind = "text") => ({
  id: id.toString(16).padStart(32, "0"),
  from,
  kind,
  sent,
  body,
});
const ben: ExportedRelationship = {
  petname: "Ben",
  verified: { how: "in-person", at },
  state: "active",
  custody: "device (software)",
  history: [
    { at, side: "peer", kind: "found", grade: "continuous", words: "began with a first device" },
    { at: at + 5, side: "me", kind: "admit", grade: "continuous", words: "added a device" },
  ],
  messages: [
    message(3, "me", at + 10, "hello"),
    message(1, "peer", at + 10, "in the same millisecond"),
    message(2, "peer", at + 20, "", "trustee-request"),
    message(4, "peer", at + 30, "from a lost phone", "quarantined"),
  ],
};
const chi: ExportedRelationship = {
  petname: "Chi",
  note: "a, note;\nof mine",
  state: "closed",
  custody: "unknown",
  history: [],
  messages: [],
};

const fileOf = (relationships: readonly ExportedRelationship[]): Bytes => utf8(relationshipsToJson(relationships));
const sealed = (plain: Bytes): Promise<Bytes> => sealWithPassphrase(plain, passphrase, cheap);

async function imported(device: TestDevice, plain: Bytes): Promise<ImportReport> {
  const report = await device.act(async (work) => importFrom(work, await sealed(plain), passphrase));
  if (!report.ok) throw new Error(`${report.error.code} ${report.error.detail}`);
  return report.value;
}
const text = async (device: TestDevice, kind: ExportKind = "relationships"): Promise<string> =>
  new TextDecoder().decode(await exportPlain(device.work(), kind));
const fresh = async (): Promise<TestDevice> => (await makePerson()).device("phone");

describe("importing", () => {
  test("into an empty profile and exporting again gives the same canonical bytes", async () => {
    const device = await fresh();
    const file = fileOf([ben, { ...ben, messages: [message(9, "peer", at, "another Ben")] }, chi]);
    expect(await imported(device, file)).toEqual({ kind: "relationships", contacts: 3, messages: 5, skipped: 0 });
    const once = await text(device);
    const again = await fresh();
    await imported(again, utf8(once));
    expect(await text(again)).toBe(once);
    const linesOf = (words: string): readonly string[] => words.split("\n").toSorted((a, b) => (a < b ? -1 : 1));
    expect(linesOf(once)).toEqual(linesOf(new TextDecoder().decode(file)));
  });

  test("the same file twice changes nothing, and everything in it counts as skipped", async () => {
    const device = await fresh();
    for (const plain of [fileOf([ben, chi]), utf8(contactsToVcard([chi])), utf8(contactsToJsContact([chi, { petname: "Dee" }]))]) {
      const first = await imported(device, plain);
      const before = device.store.snapshot();
      const { contacts, messages, skipped } = await imported(device, plain);
      expect([contacts, messages]).toEqual([0, 0]);
      expect(skipped).toBe(first.contacts + first.messages + first.skipped);
      expect(device.store.snapshot()).toEqual(before);
    }
  });

  test("a later file about the same person adds only what is new, also between what is here", async () => {
    const device = await fresh();
    await imported(device, fileOf([ben]));
    const [first, ...rest] = ben.messages;
    if (first === undefined) throw new Error("no message");
    const later = { ...ben, messages: [message(20, "peer", first.sent, "between"), first, ...rest] };
    expect(await imported(device, fileOf([later]))).toMatchObject({ contacts: 0, messages: 1, skipped: 5 });
    expect(await imported(device, fileOf([later]))).toMatchObject({ contacts: 0, messages: 0, skipped: 6 });
  });

  test("what was delivered comes back as delivered, and what had not left as that; so it leaves again", async () => {
    const device = await fresh();
    const states = ["delivered", "queued", undefined] as const;
    const messages = states.map((state, index) => ({ ...message(index + 1, "me", at + index, `${state}`), state }));
    await imported(device, fileOf([{ ...ben, messages }]));
    const [listed] = await listContacts(device.work());
    const work = device.work();
    const shown = await shownMessages(work, await loadRelationship(work, listed?.relationship ?? ""), {});
    expect(shown.map(({ state }) => state)).toEqual(["delivered", "queued", "deposited"]);
    expect(await text(device)).toBe(new TextDecoder().decode(fileOf([{ ...ben, messages }])));
  });

  test("what comes back is closed and read-only, and `contacts` and `read` show it", async () => {
    const device = await fresh();
    await imported(device, fileOf([ben]));
    const [listed] = await listContacts(device.work());
    expect(listed?.contact).toMatchObject({ petname: "Ben", state: "closed", verified: undefined });
    const work = device.work();
    const shown = await shownMessages(work, await loadRelationship(work, listed?.relationship ?? ""), {});
    expect(shown.map(({ body, from, quarantined }) => [body, from, quarantined])).toEqual([
      ["hello", "me", false],
      ["in the same millisecond", "peer", false],
      ["", "peer", false],
      ["from a lost phone", "peer", true],
    ]);
    // Nothing acts for it: it has no leaf, no inbox, and its people are told nothing.
    const outbox = (await device.store.list("outbox")).length;
    await device.act(async (again) => reconcile(again));
    expect((await device.store.list("outbox")).length).toBe(outbox);
    expect((await device.store.list("state", { prefix: `inbox/${listed?.relationship ?? ""}` })).length).toBe(0);
  });

  test("contacts come from vCard and JSContact, and leave again as both", async () => {
    const device = await fresh();
    const contacts = [chi, { petname: "Dee", verified: { how: "words-compared", at } }] as const;
    expect(await imported(device, utf8(contactsToVcard(contacts)))).toEqual({
      kind: "contacts-vcard",
      contacts: 2,
      messages: 0,
      skipped: 0,
    });
    expect(await text(device, "contacts-vcard")).toBe(contactsToVcard(contacts));
    expect(await text(device, "contacts-jscontact")).toBe(contactsToJsContact(contacts));
    const other = await fresh();
    expect((await imported(other, utf8(contactsToJsContact(contacts)))).kind).toBe("contacts-jscontact");
    expect(await text(other, "contacts-vcard")).toBe(contactsToVcard(contacts));
  });

  test("names of other programs are made fit to show, or left out", async () => {
    const device = await fresh();
    const names = ["Ana\u202e Example", "x".repeat(200), "\u200e"];
    const report = await imported(device, utf8(contactsToJsContact(names.map((petname) => ({ petname })))));
    expect(report).toMatchObject({ contacts: 2, skipped: 1 });
    expect((await listContacts(device.work())).map(({ contact }) => contact.petname)).toEqual(["Ana  Example", "x".repeat(32)]);
  });

  test("a file that would overfill an entry is taken as far as it fits", async () => {
    const device = await fresh();
    const [one] = ben.history;
    if (one === undefined) throw new Error("no history");
    const long = {
      ...ben,
      note: "n".repeat(60_000),
      history: Array.from({ length: 1000 }, () => ({ ...one, words: "w".repeat(500) })),
    };
    const report = await imported(device, fileOf([long]));
    expect(report.contacts).toBe(1);
    expect(report.skipped).toBeGreaterThan(700);
    expect((await device.flush()).problems).toEqual([]);
  });

  test("a wrong passphrase is told from a file that is none of ours", async () => {
    const device = await fresh();
    const codes = [];
    for (const [file, secret] of [
      [await sealed(fileOf([ben])), "another long passphrase"],
      [fileOf([ben]), passphrase],
      [await sealed(utf8("{}")), passphrase],
      [await sealed(utf8("BEGIN:VCARD\r\n")), passphrase],
      [new Uint8Array(0), passphrase],
    ] as const) {
      const outcome = await device.act((work) => importFrom(work, file, secret));
      codes.push(outcome.ok ? "taken" : outcome.error.code);
    }
    expect(codes).toEqual(["wrong-secret", "bad-import", "bad-import", "bad-import", "bad-import"]);
  });
});

describe("exporting", () => {
  test("is a plain age file under the passphrase; under 12 characters it is refused", async () => {
    const device = await fresh();
    await imported(device, fileOf([ben]));
    const file = await exportAs(device.work(), "relationships", passphrase, cheap);
    if (!file.ok) throw new Error(file.error.code);
    const opened = await openWithPassphrase(file.value, passphrase, 1_000_000);
    expect(opened.ok && new TextDecoder().decode(opened.value)).toBe(await text(device));
    const weak = await exportAs(device.work(), "relationships", "too short", cheap);
    expect(weak.ok ? "exported" : weak.error.code).toBe("weak-secret");
  });
});
