/**
 * Ana's phone was taken from her, unlocked, and it was her only device. Whoever has it can write to her archive whatever
 * they like. With what her trustees hold, and 45 days from the first bad head on, she still comes back to all of it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { encode, expectOk, decode, ok, type Bytes } from "@photon/protocol/codec";
import { makeOpenerKeyPair, openIdentity } from "@photon/protocol/archive";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { headReader, openerKeyring } from "../../src/archive/heads.ts";
import { newestGoodHead } from "../../src/archive/look-back.ts";
import { vaultAt } from "../../src/archive/vault.ts";
import { adoptRecovered } from "../../src/archive/adopt.ts";
import { type Restored, type RestoreOptions, restoreWithIdentity } from "../../src/archive/restore.ts";
import { archivable, decodeFirstSeen, encodeFirstSeen, listState, setState } from "../../src/circle/state.ts";
import { loadMessages } from "../../src/conversation/messages.ts";
import { beginArchive } from "../../src/archive/location.ts";
import { say } from "../../src/relationship/speaking.ts";
import { loadRelationship } from "../../src/relationship/relationship.ts";
import { flagSchema, keys, petnameSchema, setRecord } from "../../src/relationship/records.ts";
import { befriend, makePerson, note, type Person, said, type TestDevice, vaultUrl } from "./people.ts";
import { bury, closing, forge } from "./thief.ts";

const day = 24 * 3600 * 1000;
const names = ["Ben", "Chi", "Dee", "Eli", "Fay", "Gus"];
const clean = { archived: true, problems: [] };

interface Scene {
  readonly person: Person;
  readonly phone: TestDevice;
  readonly thief: TestDevice;
  readonly ids: readonly string[];
  readonly register: Bytes;
  /** What the trustees' shares add up to. */
  readonly identity: string;
  pass(days: number): Promise<void>;
}

/** Six relationships, begun over three weeks, and something said in each; then the phone is taken. */
async function scene(): Promise<Scene> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const { identity, recipient } = await makeOpenerKeyPair();
  await phone.act((work) => setTrusteeOpener(work, recipient, 1));
  const pass = async (days: number): Promise<void> => {
    person.vault.pass(days);
    person.now += days * day;
  };
  const ids: string[] = [];
  for (const name of names) {
    const id = await befriend(phone, name);
    ids.push(id);
    await said(phone, id, `hello ${name}`);
    expect(await phone.flush()).toEqual(clean);
    if (ids.length % 2 === 0) await pass(7);
  }
  await said(phone, ids[0] ?? "", "the last word before");
  expect(await phone.flush()).toEqual(clean);
  const { register } = await phone.location();
  return { person, phone, thief: await person.steal(phone), ids, register, identity, pass };
}

async function recover({ phone, register, identity }: Scene, options: RestoreOptions = {}): Promise<Restored> {
  const restored = await restoreWithIdentity(phone.ports, { vault: vaultUrl, register }, identity, options);
  if (!restored.ok) throw new Error(`${restored.error.code} ${restored.error.detail}`);
  return restored.value;
}

interface Seen {
  readonly people: readonly string[];
  readonly words: readonly string[];
}

/** Whom a device that takes this in knows, who of them is open, and what was said. */
async function seenAfter(scene: Scene, restored: Restored): Promise<Seen> {
  const blank = await scene.person.blank("new phone");
  await blank.act((work) => adoptRecovered(work, restored));
  const work = blank.work();
  const people: string[] = [];
  for (const { key } of await listState(work, "rel/")) {
    const [, id = "", what] = key.split("/");
    if (what !== "record" || id === "circle") continue;
    const [petname] = await listState(work, keys.petname(id));
    const [closed] = await listState(work, keys.closed(id));
    const isClosed = closed !== undefined && expectOk(decode(flagSchema, closed.value, 10));
    people.push(
      `${petname === undefined ? "nameless" : expectOk(decode(petnameSchema, petname.value, 99))}${isClosed ? " (closed)" : ""}`,
    );
  }
  const words: string[] = [];
  for (const id of scene.ids) for (const { body } of await loadMessages(work, id)) words.push(new TextDecoder().decode(body));
  return { people: people.toSorted(), words: words.toSorted() };
}
/** The vault, and its heads as the trustees' opener reads them. */
async function readerAt({ phone, register, identity }: Scene) {
  const vault = vaultAt(phone.ports.blobs, { vault: vaultUrl, register });
  const { decryptAge } = expectOk(await openIdentity(identity));
  return { vault, reader: headReader(vault, openerKeyring(decryptAge)) };
}

describe("an archive that is large of a sudden", () => {
  test("weighs what it takes in memory: many small entries are not as light as their bytes", async () => {
    const { reader } = await readerAt(await scene());
    const view = expectOk(await reader.view());
    if (view?.kind !== "opened") throw new Error("the newest head opens");
    const all = expectOk(await reader.contents(view));
    if (all === undefined) throw new Error("there is no limit");
    const entries = all.segments.reduce((sum, { changes }) => sum + changes.length, 0);
    expect(all.weight).toBeGreaterThan(512 * entries);
    expect(expectOk(await reader.contents(view, { limit: all.weight }))).toBeDefined();
    expect(expectOk(await reader.contents(view, { limit: all.weight - 1 }))).toBeUndefined();
  });

  test("is restored from its newest head, though the oldest that is kept holds next to nothing", async () => {
    const { vault, reader } = await readerAt(await scene());
    // Of ten thousand relationships that were begun, or imported, within a month.
    const large = 80 * 1024 * 1024 + 512 * 200_000;
    const inflated: typeof reader = {
      ...reader,
      contents: async (view, options = {}) => {
        const found = await reader.contents(view, options);
        const isNewest = view.opened.manifest.relationships === names.length;
        if (!isNewest || !found.ok || found.value === undefined) return found;
        return (options.limit ?? large) < large ? ok(undefined) : ok({ ...found.value, weight: large });
      },
    };
    const good = expectOk(await newestGoodHead(vault, inflated, () => undefined));
    expect(good?.passedOver).toBeUndefined();
    expect(good?.view.opened.manifest.relationships).toBe(names.length);
  });
});

const everybody: Seen = { people: names, words: [...names.map((name) => `hello ${name}`), "the last word before"].toSorted() };

/** Each leaves the archive so that the newest head is of no use. */
const thefts: readonly (readonly [string, (scene: Scene) => Promise<unknown>])[] = [
  [
    "empty heads, one after the other",
    async ({ thief }) => [await forge(thief, {}), await forge(thief, {}), await forge(thief, {})],
  ],
  [
    "heads that say they hold everything, and hold nothing",
    ({ thief }) => forge(thief, { manifest: { relationships: 6, changes: 90 } }),
  ],
  [
    "heads that say they hold far more than ever was, and hold nothing",
    async ({ thief }) => [
      await forge(thief, { manifest: { relationships: 10_000 } }),
      await forge(thief, { manifest: { relationships: 20_000 } }),
      await forge(thief, { manifest: { relationships: 1 } }),
    ],
  ],
  [
    "keys that are wrapped to nobody but the thief",
    async ({ thief }) => forge(thief, { keeps: true, wrapTo: [(await makeOpenerKeyPair()).recipient] }),
  ],
  [
    "the trustees removed as openers, by the program itself",
    async ({ thief }) => {
      await thief.act((work) => setTrusteeOpener(work, undefined, 1));
      return thief.flush();
    },
  ],
  [
    "the plan dealt again, to friends of the thief",
    async ({ thief }) => {
      const { recipient } = await makeOpenerKeyPair();
      await thief.act(async (work) => {
        await setTrusteeOpener(work, recipient, 2);
        await setTrusteeOpener(work, undefined, 1);
      });
      return thief.flush();
    },
  ],
  [
    "every relationship closed",
    async ({ thief, ids }) => {
      await thief.act(async (work) => {
        for (const id of ids) await setRecord(work, keys.closed(id), flagSchema, true);
      });
      return thief.flush();
    },
  ],
  [
    "every relationship closed, one a day",
    async ({ thief, ids, pass }) => {
      for (const id of ids) {
        await pass(1);
        await thief.act((work) => setRecord(work, keys.closed(id), flagSchema, true));
        await thief.flush();
      }
    },
  ],
  [
    "every relationship closed, in a head that denies it",
    async ({ thief, ids }) => {
      const changes = [];
      for (const id of ids) changes.push(await closing(thief, id));
      return forge(thief, { keeps: true, changes, manifest: { relationships: 6 } });
    },
  ],
  [
    "every name blanked",
    async ({ thief, ids }) => {
      await thief.act(async (work) => {
        for (const id of ids) await setRecord(work, keys.petname(id), petnameSchema, "");
      });
      return thief.flush();
    },
  ],
  [
    "every name changed, among a hundred made-up relationships",
    async ({ thief, ids }) => {
      for (let more = 0; more < 7; more++) await befriend(thief, `made up ${more}`);
      await thief.flush();
      await thief.act(async (work) => {
        for (const id of ids) await setRecord(work, keys.petname(id), petnameSchema, "somebody");
      });
      return thief.flush();
    },
  ],
  [
    "a deletion over every entry",
    async ({ thief, ids }) => {
      const entries = (await listState(thief.work(), "")).map(({ key }) => key);
      await bury(
        thief,
        entries.filter((key) => ids.some((id) => key.includes(id))),
      );
      return thief.flush();
    },
  ],
  [
    "the register handed to a key of the thief's",
    async ({ thief }) => [await forge(thief, {}), await forge(thief, { nextKey: new Uint8Array(32).fill(9) })],
  ],
  [
    "all of it together",
    async ({ thief, ids, pass }) => {
      await thief.act(async (work) => {
        for (const id of ids) await setRecord(work, keys.closed(id), flagSchema, true);
        for (const id of ids) await setRecord(work, keys.petname(id), petnameSchema, "nobody");
        await setTrusteeOpener(work, (await makeOpenerKeyPair()).recipient, 2);
        await setTrusteeOpener(work, undefined, 1);
      });
      await thief.flush();
      await pass(3);
      await forge(thief, { manifest: { relationships: 50 } });
      await forge(thief, { wrapTo: [(await makeOpenerKeyPair()).recipient] });
      await forge(thief, { nextKey: new Uint8Array(32).fill(9) });
    },
  ],
];

describe("a thief with the unlocked phone publishes", () => {
  for (const [what, steal] of thefts) {
    test(`${what}: within 45 days everything is recovered`, async () => {
      const one = await scene();
      await steal(one);
      await one.pass(38);
      const restored = await recover(one);
      const { people, words } = await seenAfter(one, restored);
      expect({ people: people.filter((name) => !name.startsWith("made up")), words }).toEqual(everybody);
      expect(restored.passedOver).toBe(one.person.vault.heads(one.register).at(-1)?.seq);
      expect(restored.problems.map(({ code }) => code)).toEqual(["backup-spoiled"]);
    });
  }

  test("after the days of grace there is only what the thief left, and that is said", async () => {
    const one = await scene();
    await thefts[3]?.[1](one);
    await one.pass(46);
    const restored = await restoreWithIdentity(one.phone.ports, { vault: vaultUrl, register: one.register }, one.identity);
    expect(restored.ok ? "opened" : restored.error.code).toBe("wrong-secret");
  });
});

describe("what is recovered", () => {
  test("is what stood in the last head before the thief's: nothing of that day is lost", async () => {
    const one = await scene();
    const { phone, thief, pass } = one;
    // The theft is found out only later; the morning's words are in a head between two of the thief's day.
    await pass(1);
    const morning: string[] = [];
    for (const words of ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]) {
      morning.push(words);
      await said(phone, one.ids[1] ?? "", words);
      await phone.flush();
    }
    const last = one.person.vault.heads(one.register).at(-1)?.seq;
    const late = await one.person.steal(phone);
    for (const id of one.ids) {
      await late.act((work) => setRecord(work, keys.closed(id), flagSchema, true));
    }
    await late.flush();
    for (let more = 0; more < 9; more++) await forge(late, {});
    await pass(2);
    void thief;
    const restored = await recover(one);
    expect(restored.opened.head.seq).toBe(last);
    expect((await seenAfter(one, restored)).words).toEqual([...everybody.words, ...morning].toSorted());
  });

  test("holds what was begun and stolen on one and the same day", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const { identity, recipient } = await makeOpenerKeyPair();
    await phone.act((work) => setTrusteeOpener(work, recipient, 1));
    const ids: string[] = [];
    for (const name of names) {
      ids.push(await befriend(phone, name));
      await said(phone, ids.at(-1) ?? "", `hello ${name}`);
      await phone.flush();
    }
    const thief = await person.steal(phone);
    await thief.act(async (work) => {
      for (const id of ids) await setRecord(work, keys.closed(id), flagSchema, true);
    });
    await thief.flush();
    await forge(thief, { keeps: true });
    const { register } = await phone.location();
    const one = { person, phone, thief, ids, register, identity, pass: async () => undefined };
    const seen = await seenAfter(one, await recover(one));
    expect(seen.people).toEqual(names);
    expect(seen.words).toEqual(names.map((name) => `hello ${name}`));
  });

  test("lacks nothing of what a thief left out one by one", async () => {
    const one = await scene();
    const all = (await listState(one.thief.work(), "msg/")).length;
    expect(all).toBe(7);
    // Two of seven messages, and one relationship of six, are not in what the thief writes anew.
    const gone = one.ids[3] ?? "";
    const left = (await archivable(one.thief.work())).filter(({ key }) => !key.includes(gone));
    await forge(one.thief, { changes: left, manifest: { changes: left.length, relationships: 5 } });
    const restored = await recover(one);
    expect(restored.passedOver).toBeUndefined();
    expect(await seenAfter(one, restored)).toEqual(everybody);
  });

  test("takes from later heads what was said, and nothing that was signed or overwritten there", async () => {
    const one = await scene();
    const { thief, ids } = one;
    const [ben = "", chi = ""] = ids;
    await said(thief, ben, "said with the phone later, by whoever had it");
    const signed = await thief.act(async (work) => {
      const relationship = await loadRelationship(work, chi);
      return say(work, relationship, "close", { reason: "goodbye" });
    });
    await thief.act(async (work) => {
      for (const id of ids) await setRecord(work, keys.petname(id), petnameSchema, "x");
      // As if the goodbye had been known for a year, and a message had said something else.
      await setState(work, keys.firstSeen(ben, work.random(32)), encodeFirstSeen(1));
    });
    await thief.flush();
    const restored = await recover(one);
    expect(restored.later.length).toBeGreaterThan(0);
    const seen = await seenAfter(one, restored);
    expect(seen.people).toEqual(names);
    expect(seen.words).toEqual([...everybody.words, "said with the phone later, by whoever had it"].toSorted());
    const blank = await one.person.blank("another");
    await blank.act((work) => adoptRecovered(work, restored));
    expect(await listState(blank.work(), keys.statement(chi, signed.id))).toEqual([]);
    const cut = restored.opened.manifest.createdAt * day;
    const early = (await listState(blank.work(), `fs/${ben}/`))
      .map(({ value }) => decodeFirstSeen(value))
      .filter((time) => time < 1000);
    expect([early, cut > 0]).toEqual([[], true]);
  });

  test("is all archived again, in a register that the thief does not know", async () => {
    const one = await scene();
    await forge(one.thief, {});
    const restored = await recover(one);
    const blank = await one.person.device("new phone");
    await blank.act(async (work) => {
      await beginArchive(work, vaultUrl);
      await adoptRecovered(work, restored);
    });
    expect((await blank.flush()).archived).toBe(true);
    const { recipient, identity } = await makeOpenerKeyPair();
    await blank.act((work) => setTrusteeOpener(work, recipient, 2));
    expect((await blank.flush()).archived).toBe(true);
    const { register } = await blank.location();
    const again = await restoreWithIdentity(blank.ports, { vault: vaultUrl, register }, identity);
    expect(again.ok && (await seenAfter(one, again.value))).toEqual(everybody);
  });
});

describe("a person who has changed a few things", () => {
  test("gets the newest head, and hears of no problem", async () => {
    const one = await scene();
    const [ben = "", chi = ""] = one.ids;
    await one.phone.act(async (work) => {
      await setRecord(work, keys.petname(ben), petnameSchema, "Benedict");
      await setRecord(work, keys.closed(chi), flagSchema, true);
    });
    await one.phone.flush();
    const from = one.person.vault.calls.length;
    const restored = await recover(one);
    expect([restored.passedOver, restored.problems, restored.later]).toEqual([undefined, [], []]);
    expect((await seenAfter(one, restored)).people).toEqual(["Benedict", "Chi (closed)", "Dee", "Eli", "Fay", "Gus"]);
    // Heads of each day, and what two of them hold: not the whole chain.
    expect(one.person.vault.calls.length - from).toBeLessThan(60);
  });

  test("or many, loses no relationship by being taken for a thief", async () => {
    const one = await scene();
    for (const id of one.ids) await one.phone.act((work) => setRecord(work, keys.petname(id), petnameSchema, "renamed"));
    await one.phone.flush();
    await one.pass(2);
    const hal = await befriend(one.phone, "Hal");
    await said(one.phone, hal, "hello Hal");
    await one.phone.flush();
    const restored = await recover(one);
    expect(restored.passedOver).toBeDefined();
    const seen = await seenAfter({ ...one, ids: [...one.ids, hal] }, restored);
    expect(seen).toEqual({ people: [...names, "Hal"], words: [...everybody.words, "hello Hal"].toSorted() });
    // It is whole: what its side was founded with is there too.
    const blank = await one.person.blank("another");
    await blank.act((work) => adoptRecovered(work, restored));
    expect((await loadRelationship(blank.work(), hal)).mine.state.leaves.size).toBe(1);
  });

  test("may choose another head, or a day", async () => {
    const one = await scene();
    await one.phone.act((work) => setRecord(work, keys.petname(one.ids[0] ?? ""), petnameSchema, "Benedict"));
    await one.phone.flush();
    const newest = one.person.vault.heads(one.register).at(-1)?.seq ?? 0;
    const earlier = await recover(one, { cut: { kind: "head", seq: newest - 1 } });
    expect((await seenAfter(one, earlier)).people).toEqual(names);
    expect(earlier.passedOver).toBe(newest);
    const today = Math.floor(one.person.now / day);
    const then = await recover(one, { cut: { kind: "day", day: today - 10 } });
    const seen = await seenAfter(one, then);
    expect(then.opened.manifest.createdAt).toBeLessThanOrEqual(today - 10);
    expect(seen.people).toEqual(names);
    expect(seen.words).toEqual(everybody.words);
    const gone = await restoreWithIdentity(one.phone.ports, { vault: vaultUrl, register: one.register }, one.identity, {
      cut: { kind: "head", seq: 9999 },
    });
    expect(gone.ok ? "restored" : gone.error.code).toBe("archive-damaged");
  });
});

describe("a vault that lies about which heads it keeps", () => {
  let one: Scene;
  beforeAll(async () => {
    one = await scene();
    await forge(one.thief, {});
  });
  for (const [what, kept] of [
    [
      "runs that overlap and pass the newest",
      [
        { from: 5, to: 4, left: 3 },
        { from: 0, to: 99_999, left: 3 },
        { from: 1, to: 3, left: 0 },
        { from: 2, to: 8, left: 1 },
      ],
    ],
    [
      "thousands of heads that are not there",
      Array.from({ length: 3000 }, (_, at) => ({ from: 1_000_000 + at, to: 1_000_000 + at, left: 1 })),
    ],
    ["nothing", []],
  ] as const) {
    test(`(${what}) harms nobody but those whose backup it could have forgotten`, async () => {
      const { call } = one.person.vault;
      const lying = {
        ...one.phone.ports,
        blobs: {
          call: (async (vault: string, kind: string, value: never) =>
            kind === "headList"
              ? { ok: true, value: { kind: "heads", value: { newest: 12, kept } } }
              : call(vault, kind as never, value)) as typeof call,
        },
      };
      const restored = await restoreWithIdentity(lying, { vault: vaultUrl, register: one.register }, one.identity);
      if (restored.ok) expect((await seenAfter(one, restored.value)).people.every((name) => names.includes(name))).toBe(true);
      else expect(restored.error.code).toMatch(/archive-damaged|wrong-secret/u);
    });
  }
});

test("a note of a device is no relationship", async () => {
  const one = await scene();
  await note(one.phone, "more", encode(flagSchema, true));
  await one.phone.flush();
  expect((await recover(one)).passedOver).toBeUndefined();
});
