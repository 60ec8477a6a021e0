import { describe, expect, test } from "vitest";
import { toHex } from "@photon/protocol/codec";
import { makeOpenerKeyPair, parseHead, unwrapEpochKeys } from "@photon/protocol/archive";
import { join } from "../../src/archive/location-join.ts";
import { locationSchema, maxTrusteesOpeners } from "../../src/archive/location-record.ts";
import { setTrusteeOpener, trusteesIn } from "../../src/archive/openers.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { restoreArchive, type Restored, restoreWithIdentity } from "../../src/archive/restore.ts";
import { backupStatus } from "../../src/archive/status.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { setRecord } from "../../src/relationship/records.ts";
import { archivedState, makePerson, note, type Person, type TestDevice } from "./people.ts";

const clean = { archived: true, problems: [] };

async function stateIn(person: Person, { changes }: Restored): Promise<string> {
  const blank = await person.blank("reader");
  await blank.act((work) => mergeState(work, changes, "archive"));
  return archivedState(blank);
}
const set = (device: TestDevice, recipient: string | undefined, planVersion: number) =>
  device.act((work) => setTrusteeOpener(work, recipient, planVersion));
const openersOf = async (device: TestDevice): Promise<readonly string[]> =>
  (await backupStatus(device.work())).openers.map(({ kind, name }) => `${kind} ${name}`);
const opens = async (device: TestDevice, identity: string): Promise<string> => {
  const restored = await restoreWithIdentity(device.ports, await device.location(), identity, { cut: { kind: "newest" } });
  return restored.ok ? "opened" : restored.error.code;
};

describe("the opener of a plan's trustees", () => {
  test("opens from vault and register alone what every device archived, by the same path as a device", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    await note(phone, "before", "b");
    expect(await phone.flush()).toEqual(clean);
    const { identity, recipient } = await makeOpenerKeyPair();
    await set(phone, recipient, 1);
    expect(await phone.flush()).toEqual(clean);
    await note(phone, "after", "a");
    expect(await phone.flush()).toEqual(clean);
    expect(await openersOf(phone)).toEqual(["device phone", "trustees plan 1"]);
    const { vault, register } = await phone.location();
    const progress: number[] = [];
    const restored = await restoreWithIdentity(phone.ports, { vault, register }, identity, {
      onProgress: (part) => progress.push(part),
    });
    if (!restored.ok) throw new Error(restored.error.detail);
    expect(restored.value.problems).toEqual([]);
    expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
    expect(await stateIn(person, restored.value)).toBe(await archivedState(phone));
    const byDevice = await restoreArchive(phone.ports, { vault, register });
    expect(byDevice.ok && (await stateIn(person, byDevice.value))).toBe(await archivedState(phone));
    expect(await opens(phone, (await makeOpenerKeyPair()).identity)).toBe("wrong-secret");
    expect(await opens(phone, `AGE-SECRET-KEY-PQ-1${"Q".repeat(58)}`)).toBe("wrong-secret");
  });

  test("of an older plan stays one until it is removed, and then opens nothing that comes after", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const [old, next] = [await makeOpenerKeyPair(), await makeOpenerKeyPair()];
    await set(phone, old.recipient, 1);
    expect(await phone.flush()).toEqual(clean);
    const before = (await phone.location()).epochs.length;
    await set(phone, next.recipient, 2);
    expect(await phone.flush()).toEqual(clean);
    // Adding strands nobody, and needs no other keys.
    expect((await phone.location()).epochs.length).toBe(before);
    expect([await opens(phone, old.identity), await opens(phone, next.identity)]).toEqual(["opened", "opened"]);
    const held = person.vault.heads((await phone.location()).register).at(-1);
    await set(phone, undefined, 1);
    await note(phone, "later", "l");
    expect(await phone.flush()).toEqual(clean);
    expect((await phone.location()).epochs.length).toBe(before + 1);
    expect(await openersOf(phone)).toEqual(["device phone", "trustees plan 2"]);
    expect([await opens(phone, old.identity), await opens(phone, next.identity)]).toEqual(["wrong-secret", "opened"]);
    // The head in force is sealed under a key that no wrapping for the old trustees ever held.
    const newest = person.vault.heads((await phone.location()).register).at(-1);
    const [was, is] = [held, newest].map((head) => (head === undefined ? undefined : parseHead(head.body)));
    expect(was?.ok && is?.ok && was.value.epoch < is.value.epoch).toBe(true);
  });

  test("that is set again for the same plan replaces the one before", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const [first, second] = [await makeOpenerKeyPair(), await makeOpenerKeyPair()];
    await set(phone, first.recipient, 3);
    await phone.flush();
    await set(phone, second.recipient, 3);
    expect(await phone.flush()).toEqual(clean);
    expect(await openersOf(phone)).toEqual(["device phone", "trustees plan 3"]);
    expect([await opens(phone, first.identity), await opens(phone, second.identity)]).toEqual(["wrong-secret", "opened"]);
    const epochs = (await phone.location()).epochs.length;
    await set(phone, second.recipient, 3);
    expect((await phone.location()).epochs.length).toBe(epochs);
  });

  test("is told to the circle: another device wraps to it too, and a removal is never undone by an older copy", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const laptop = await person.blank("laptop");
    await person.admit(phone, laptop);
    const { identity, recipient } = await makeOpenerKeyPair();
    await set(phone, recipient, 1);
    expect(await phone.flush()).toEqual(clean);
    await person.tell(phone, laptop);
    await pullArchive(laptop.work());
    await note(laptop, "laptop", "l");
    expect(await laptop.flush()).toEqual(clean);
    expect(await opens(laptop, identity)).toBe("opened");
    const stale = await laptop.whole();
    await set(phone, undefined, 1);
    await person.tell(phone, laptop);
    const joined = join(stale, await laptop.whole());
    expect(trusteesIn(joined)).toEqual([]);
    expect(joined.trustees?.map(({ recipient: kept, until }) => [kept, until !== undefined])).toEqual([[undefined, true]]);
    await note(laptop, "more", "m");
    expect(await laptop.flush()).toEqual(clean);
    expect(await opens(laptop, identity)).toBe("wrong-secret");
  });

  test("of many plans in a row that never came into force: the oldest and the newest stay", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const pairs = await Promise.all(Array.from({ length: 7 }, () => makeOpenerKeyPair()));
    for (const [index, { recipient }] of pairs.entries()) await set(phone, recipient, index + 1);
    expect(await phone.flush()).toEqual(clean);
    expect(await openersOf(phone)).toEqual([
      "device phone",
      "trustees plan 1",
      "trustees plan 5",
      "trustees plan 6",
      "trustees plan 7",
    ]);
    expect(await Promise.all(pairs.map(({ identity }) => opens(phone, identity)))).toEqual([
      "opened",
      ...Array.from({ length: 3 }, () => "wrong-secret"),
      ...Array.from({ length: 3 }, () => "opened"),
    ]);
    const whole = await phone.whole();
    const { trustees = [] } = whole;
    // However many a device in other hands makes up, those of before stay, and what was removed stays so.
    const many = Array.from({ length: 100 }, (_, at) => ({ id: new Uint8Array(32).fill(at), planVersion: 1000 + at, since: 1 }));
    for (const flood of [many, many.map((one) => ({ ...one, until: 2 }))]) {
      const joined = join(whole, { ...whole, trustees: flood });
      expect(joined.trustees?.length).toBeLessThanOrEqual(maxTrusteesOpeners);
      expect(trusteesIn(joined).slice(0, 4)).toEqual(trusteesIn(whole));
      const gone = new Set(joined.trustees?.filter(({ until }) => until !== undefined).map(({ id }) => toHex(id)));
      for (const { id, until } of trustees) if (until !== undefined) expect(gone.has(toHex(id))).toBe(true);
    }
    expect(trustees.length).toBe(7);
  });

  test("is refused unless the archive's keys can be wrapped to it, and is never taken from another device", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const { recipient } = await makeOpenerKeyPair();
    const wrong = ["", "age1pq1", recipient.slice(0, -1), "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"];
    for (const one of wrong) await expect(set(phone, one, 1)).rejects.toThrow("hybrid");
    const location = await phone.whole();
    const other = await makePerson();
    const laptop = await other.device("laptop");
    // A device in other hands tells the circle of one: left aside, or every upload would stop.
    const bad = { id: new Uint8Array(32), planVersion: 1, since: 1, recipient: "age1pq1x" };
    await laptop.act((work) =>
      setRecord(work, "arch/location", locationSchema, {
        ...location,
        places: location.places.map((one) => ({ ...one, begun: one.begun + 1 })),
        trustees: [bad],
      }),
    );
    await other.tell(laptop, phone);
    expect(await phone.whole()).toEqual(location);
    expect(await phone.flush()).toEqual(clean);
  });

  test("turns nothing and strands nobody when a device comes or goes", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const { identity, recipient } = await makeOpenerKeyPair();
    await set(phone, recipient, 1);
    await phone.flush();
    const laptop = await person.blank("laptop");
    await person.admit(phone, laptop);
    expect(await phone.flush()).toEqual(clean);
    await person.tell(phone, laptop);
    await pullArchive(laptop.work());
    await person.retire(laptop, phone);
    await note(laptop, "alone", "a");
    expect((await laptop.flush()).archived).toBe(true);
    expect(await opens(laptop, identity)).toBe("opened");
    const head = person.vault.heads((await laptop.location()).register).at(-1);
    const body = head === undefined ? undefined : parseHead(head.body);
    const wraps = body?.ok ? person.vault.blobs.get(toHex(body.value.wraps)) : undefined;
    const keys = wraps === undefined ? undefined : await unwrapEpochKeys(wraps, (file) => phone.keys.decryptAge(file));
    expect(keys?.ok).toBe(false);
  });
});
