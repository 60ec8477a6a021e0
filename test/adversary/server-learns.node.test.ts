/**
 * A population lives its life through one server. Then everything that the server wrote is taken from its disk and
 * searched: for what people said and are called, for every key that any device holds, and for any byte string that would
 * join two of its records.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { headPutSchema, maxHead, noHead, parseHead } from "@photon/protocol/archive";
import { type Bytes, concat, decode, expectOk, toHex, utf8 } from "@photon/protocol/codec";
import { day, type Device, makeWorld, must, type World } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, everyBlob, everyFile, everyRow, type Row } from "./server-rows.ts";
import { type Named, sharedWindows, windowFilter, without } from "./windows.ts";

const words = {
  ben: "Benedict Featherstonehaugh",
  ana: "Anastasia Marjoribanks",
  chi: "Chiyo Cholmondeley",
  dee: "Deirdre Wriothesley",
  phone: "phone of Anastasia",
  laptop: "laptop of Anastasia",
  text: "the heron waits at the weir until the light goes",
  answer: "bring the blue umbrella and the letters from Trieste",
} as const;

let world: World;
let devices: readonly Device[];
let rows: readonly Row[];

beforeAll(async () => {
  world = await makeWorld();
  const phone = await world.person(words.phone);
  const ben = await world.person("ben");
  const chi = await world.person("chi");
  const dee = await world.person("dee");
  await world.befriend(phone, words.ben, ben, words.ana);
  await world.befriend(chi, words.ana, phone, words.chi);
  await world.befriend(phone, words.dee, dee, words.ana);
  const laptop = await world.addDevice(phone, words.laptop);
  devices = [phone, laptop, ben, chi, dee];
  await world.settle(...devices);
  must(await phone.engine.send(words.ben, words.text));
  must(await ben.engine.send(words.ana, words.answer));
  must(await laptop.engine.send(words.chi, words.text));
  must(await dee.engine.send(words.ana, words.text));
  await world.settle(...devices);
  world.advance(day);
  must(await laptop.engine.retire(words.phone, "lost"));
  await world.settle(laptop, ben, chi, dee);
  // Once more: of queues that were moved one after the other, each left a bundle.
  const tablet = await world.addDevice(laptop, "tablet of Anastasia");
  await world.settle(laptop, tablet, ben, chi, dee);
  must(await tablet.engine.retire(words.laptop, "lost"));
  await world.settle(tablet, ben, chi);
  must(await ben.engine.send(words.ana, "after all that"));
  await world.settle(tablet, ben, chi);
  devices = [...devices, tablet];
  await world.stopServer();
  rows = everyRow(world.data);
}, 180_000);
afterAll(() => world.close());

/** A head is kept as it was signed; its parts, without the CBOR around them, which is the same in all. */
function headParts(stored: Bytes): readonly Bytes[] {
  const head = expectOk(decode(headPutSchema, stored, maxHead + 8 * 1024));
  const body = expectOk(parseHead(head.body));
  const { register, previous, writeKey, nextKey, keeps, signature } = head;
  return [
    register,
    previous,
    writeKey,
    ...(nextKey === undefined ? [] : [nextKey]),
    ...keeps,
    signature,
    body.wraps,
    body.manifest,
  ];
}

/**
 * What belongs together, and by its purpose must be known to do so: a queue with its entries, a drop, a register with the
 * heads and blobs that it holds. Nothing may join two of these.
 */
async function records(): Promise<readonly Named[]> {
  const found = new Map<string, Bytes[]>();
  const add = (name: string, values: readonly unknown[]): void => {
    const bytes = values.flatMap((value) =>
      value instanceof Uint8Array ? [bytesOf(value)] : typeof value === "string" ? [utf8(value)] : [],
    );
    found.set(name, [...(found.get(name) ?? []), ...bytes]);
  };
  const registerOf = new Map<string, string>();
  for (const { table, columns } of rows) {
    const values = Object.values(columns);
    switch (table) {
      case "relay.sqlite/queue":
        add(`queue ${toHex(bytesOf(columns["receive_id"]))}`, values);
        break;
      case "relay.sqlite/parcel":
      case "relay.sqlite/append_run":
      case "relay.sqlite/writer":
        add(`queue ${toHex(bytesOf(columns["queue"]))}`, values);
        break;
      case "relay.sqlite/drop":
        add(`drop ${toHex(bytesOf(columns["drop_id"]))}`, values);
        break;
      case "vault.sqlite/register":
        add(`register ${toHex(bytesOf(columns["id"]))}`, values);
        break;
      case "vault.sqlite/lease":
        registerOf.set(toHex(bytesOf(columns["hash"])), toHex(bytesOf(columns["register"])));
        add(`register ${toHex(bytesOf(columns["register"]))}`, values);
        break;
      case "vault.sqlite/head":
        add(`register ${toHex(bytesOf(columns["register"]))}`, headParts(bytesOf(columns["body"])));
        break;
      case "vault.sqlite/keep":
        add(`register ${toHex(bytesOf(columns["register"]))}`, values);
        break;
      default:
        // Bookkeeping of the database itself: names of its migrations, the last day.
        expect(table).toMatch(/clock|migration|lock/u);
    }
  }
  for (const blob of await everyBlob(world.data)) add(`register ${registerOf.get(toHex(sha256(blob))) ?? "none"}`, [blob]);
  return [...found].map(([name, parts]) => ({ name, parts: parts.flatMap((part) => without(part, formats)) }));
}

/**
 * What many records hold because of how they are written, whoever wrote them. It is cut out, and what stands before it is
 * not read on into what stands behind: seven letters of a format and one of a key are alike in one of 64.
 */
const formats: readonly Bytes[] = [
  // The first line of every age file, and the name of its hybrid recipient: the wrapping of an archive's keys.
  utf8("age-encryption.org/v1\n"),
  utf8("-> mlkem768x25519 "),
  // "No head before this one", "nothing wrapped yet": of the first head of every register.
  noHead,
];

describe("nothing that the server wrote joins two queues, two drops or two registers", () => {
  test("no byte string of 8 bytes or more is in two of them", async () => {
    const all = await records();
    const kinds = new Set(all.map(({ name }) => name.split(" ")[0]));
    expect([...kinds].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(["drop", "queue", "register"]);
    expect(all.length).toBeGreaterThan(25);
    expect(sharedWindows(all).map(({ window, names }) => `${window}: ${names.join(", ")}`)).toEqual([]);
  });

  test("the search finds a byte string that is in two, at whatever offset", async () => {
    const [first, second] = await records();
    if (first === undefined || second === undefined) throw new Error("no records");
    const mark = utf8("12345678");
    const marked = [
      { ...first, parts: [...first.parts, concat(Uint8Array.of(1), mark)] },
      { ...second, parts: [...second.parts, concat(Uint8Array.of(3, 2), mark)] },
    ];
    expect(sharedWindows(marked).map(({ window }) => window)).toEqual([toHex(mark)]);
    expect(windowFilter(marked.flatMap(({ parts }) => parts))(concat(Uint8Array.of(9), mark))).toEqual([toHex(mark)]);
  });
});

describe("nothing that a person or a device holds is at the server", () => {
  test("no name, no petname, no text, in no row, file or log line", async () => {
    const files = await everyFile(world.data);
    expect(files.some(({ path }) => path.endsWith("relay.sqlite"))).toBe(true);
    expect(world.logLines.length).toBeGreaterThan(0);
    const places = [...files.map(({ content }) => Buffer.from(content)), Buffer.from(world.logLines.join("\n"))];
    for (const word of Object.values(words)) {
      for (const encoding of ["utf8", "utf16le", "base64", "hex"] as const) {
        const sought =
          encoding === "base64" || encoding === "hex"
            ? Buffer.from(Buffer.from(word).toString(encoding))
            : Buffer.from(word, encoding);
        for (const place of places) expect(place.includes(sought.subarray(0, -4)), `${word} in ${encoding}`).toBe(false);
      }
    }
  });

  test("no key, public or secret, and no statement, message or record of any device is in what it keeps for them", async () => {
    // Ids and keys that a server is told to know are in columns of their own; these are what people gave it to keep.
    const payloads = [
      ...rows
        .flatMap(({ columns }) => [columns["body"], columns["bundle"]])
        .filter((value) => value instanceof Uint8Array && value.length !== 0),
      ...(await everyBlob(world.data)),
    ].map(bytesOf);
    const heads = new Set(
      rows.filter(({ table }) => table === "vault.sqlite/head").map(({ columns }) => toHex(bytesOf(columns["body"]))),
    );
    const kept = windowFilter(
      payloads.filter((payload) => !heads.has(toHex(payload))).flatMap((payload) => without(payload, formats)),
    );
    const found: string[] = [];
    for (const device of devices) {
      for (const [table, stored] of device.store.snapshot()) {
        for (const [key, { value }] of stored) {
          if (value === undefined) continue;
          for (const window of kept(value)) found.push(`${device.name}: ${table} ${key.slice(0, 12)}: ${window}`);
        }
      }
    }
    expect(found).toEqual([]);
  });

  test("no key, queue or address in its log", () => {
    const log = world.logLines.join("\n").toLowerCase();
    for (const { columns } of rows) {
      for (const name of ["receive_id", "send_id", "read_key", "admin_key", "drop_id", "register", "append_id", "hash"]) {
        const value = columns[name];
        if (value instanceof Uint8Array) expect(log.includes(toHex(value).slice(0, 16))).toBe(false);
      }
    }
    expect(log).not.toContain("127.0.0.1:");
  });
});
