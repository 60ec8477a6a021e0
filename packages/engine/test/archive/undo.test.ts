/** What a device in other hands did to the archive, or Ana herself by mistake, can be undone for 45 days: from any device. */
import { describe, expect, test } from "vitest";
import { decode, expectOk } from "@photon/protocol/codec";
import { makeOpenerKeyPair } from "@photon/protocol/archive";
import { beginArchive } from "../../src/archive/location.ts";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { adoptRecovered, adoptRestored } from "../../src/archive/adopt.ts";
import { restoreArchive, restoreWithIdentity } from "../../src/archive/restore.ts";
import { backupStatus } from "../../src/archive/status.ts";
import { lookForLosses, undoTo } from "../../src/archive/undo.ts";
import { keptHeads } from "../../src/archive/versions.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { getState, listState, setState } from "../../src/circle/state.ts";
import { flagSchema, keys, petnameSchema, setRecord } from "../../src/relationship/records.ts";
import { befriend, makePerson, type Person, said, type TestDevice, vaultUrl } from "./people.ts";
import { forge } from "./thief.ts";

const day = 24 * 3600 * 1000;
const names = ["Ben", "Chi", "Dee", "Eli"];
const clean = { archived: true, problems: [] };

async function twoDevices(): Promise<{ person: Person; phone: TestDevice; laptop: TestDevice; ids: readonly string[] }> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const laptop = await person.blank("laptop");
  await person.admit(phone, laptop);
  const ids: string[] = [];
  for (const name of names) ids.push(await befriend(phone, name));
  for (const id of ids) await said(phone, id, "hello");
  expect(await phone.flush()).toEqual(clean);
  const restored = await restoreArchive(laptop.ports, await phone.location());
  if (!restored.ok) throw new Error(restored.error.detail);
  await laptop.act(async (work) => {
    await mergeState(work, restored.value.changes, "archive");
    adoptRestored(work, restored.value);
  });
  await person.tell(phone, laptop);
  await laptop.flush();
  return { person, phone, laptop, ids };
}
const pass = (person: Person, days: number): void => {
  person.vault.pass(days);
  person.now += days * day;
};
const look = (device: TestDevice) => device.act(lookForLosses);
const pending = async (device: TestDevice) => (await backupStatus(device.work())).pendingDeletion;
async function undo(device: TestDevice, version?: string) {
  const undone = await device.act((work) => undoTo(work, version));
  if (!undone.ok) throw new Error(`${undone.error.code} ${undone.error.detail}`);
  return undone.value;
}

/** Names, with those who are closed marked. */
async function people(device: TestDevice): Promise<readonly string[]> {
  const work = device.work();
  const found = [];
  for (const { key } of await listState(work, "rel/")) {
    const [, id = "", what] = key.split("/");
    if (what !== "record" || id === "circle") continue;
    const petname = await getState(work, keys.petname(id));
    const closed = await getState(work, keys.closed(id));
    const isClosed = closed !== undefined && expectOk(decode(flagSchema, closed, 9));
    found.push(`${petname === undefined ? "" : expectOk(decode(petnameSchema, petname, 99))}${isClosed ? " (closed)" : ""}`);
  }
  return found.toSorted();
}

describe("what waits to be deleted", () => {
  test("is nothing, of a person who lost nothing; and the vaults are asked once a day", async () => {
    const { person, phone } = await twoDevices();
    expect(await look(phone)).toBeUndefined();
    expect(await pending(phone)).toBeUndefined();
    const { length } = person.vault.calls;
    await look(phone);
    expect(person.vault.calls.length).toBe(length);
    pass(person, 1);
    await look(phone);
    expect(person.vault.calls.length).toBeGreaterThan(length);
  });

  test("is told at once when there are fewer relationships, with the day until which it can return", async () => {
    const { person, phone, ids } = await twoDevices();
    await look(phone);
    await phone.act(async (work) => {
      for (const id of ids) await setRecord(work, keys.closed(id), flagSchema, true);
    });
    expect(await phone.flush()).toEqual(clean);
    await look(phone);
    const found = await pending(phone);
    expect(found).toMatchObject({ relationships: 4, records: 0 });
    expect(Math.round(((found?.until ?? 0) - person.now) / day)).toBe(45);
    pass(person, 40);
    await look(phone);
    expect(Math.round((((await pending(phone))?.until ?? 0) - person.now) / day)).toBe(5);
    pass(person, 10);
    await look(phone);
    expect(await pending(phone)).toBeUndefined();
  });

  test("is not made up by a head that says it holds more than it does", async () => {
    const { person, phone } = await twoDevices();
    const thief = await person.steal(phone);
    await forge(thief, { keeps: true, manifest: { relationships: 900 } });
    await forge(thief, { keeps: true });
    await pullArchive(phone.work());
    pass(person, 1);
    await look(phone);
    expect(await pending(phone)).toBeUndefined();
  });
});

describe("undoing", () => {
  test("opens again what was closed, names again what was renamed, and keeps what is new; every device hears of it", async () => {
    const { person, phone, laptop, ids } = await twoDevices();
    await look(phone);
    const thief = await person.steal(phone);
    await thief.act(async (work) => {
      for (const id of ids) await setRecord(work, keys.closed(id), flagSchema, true);
      for (const id of ids) await setRecord(work, keys.petname(id), petnameSchema, "x");
    });
    await thief.flush();
    await person.tell(thief, laptop);
    await befriend(laptop, "Fay");
    await laptop.flush();
    expect(await people(laptop)).toEqual(["Fay", ...names.map(() => "x (closed)")]);
    pass(person, 20);
    await look(laptop);
    expect(await pending(laptop)).toMatchObject({ relationships: 4, records: 0 });
    expect(await undo(laptop)).toMatchObject({ relationships: 4, records: 0 });
    expect(await people(laptop)).toEqual([...names, "Fay"].toSorted());
    expect(await pending(laptop)).toBeUndefined();
    expect(await laptop.flush()).toEqual(clean);
    await person.tell(laptop, phone);
    await pullArchive(phone.work());
    expect(await people(phone)).toEqual([...names, "Fay"].toSorted());
    // Once more changes nothing.
    const [newest] = (await heads(laptop)).slice(-1);
    expect(await undo(laptop, newest)).toMatchObject({ relationships: 0, records: 0 });
  });

  const heads = async (device: TestDevice): Promise<readonly string[]> => {
    const found = await keptHeads(device.work());
    if (!found.ok) throw new Error(found.error.detail);
    return found.value.map(({ version }) => version.version);
  };

  test("goes to any state that is kept, and says so of one that is not", async () => {
    const { person, phone, ids } = await twoDevices();
    const before = await heads(phone);
    await phone.act((work) => setRecord(work, keys.petname(ids[0] ?? ""), petnameSchema, "Benedict"));
    await phone.flush();
    expect((await heads(phone)).length).toBe(before.length + 1);
    expect(await undo(phone, before.at(-1))).toMatchObject({ relationships: 1 });
    expect(await people(phone)).toEqual(names);
    for (const wrong of ["9999", "0", "-1", "", "1@abcdef", "1 or 2", `${before.at(-1) ?? ""}@`]) {
      const outcome = await phone.act((work) => undoTo(work, wrong));
      expect(outcome.ok ? wrong : outcome.error.code).toBe("unknown-version");
    }
    const nothing = await phone.act((work) => undoTo(work, undefined));
    expect(nothing.ok ? "undone" : nothing.error.code).toBe("nothing-to-undo");
    pass(person, 46);
    const gone = await phone.act((work) => undoTo(work, before.at(-1)));
    expect(gone.ok ? "undone" : gone.error.code).toBe("unknown-version");
  });

  test("brings back entries that this device lacks, those included that it was told were deleted", async () => {
    const { phone } = await twoDevices();
    const [message] = await listState(phone.work(), "msg/");
    if (message === undefined) throw new Error("no message");
    const [state] = (await heads(phone)).slice(-1);
    await phone.act((work) => setState(work, message.key, undefined));
    await phone.flush();
    const outcome = await undo(phone, state);
    expect([outcome.records, await getState(phone.work(), message.key)]).toEqual([1, message.value]);
  });

  test("works after a recovery too, on the register that was left behind", async () => {
    const { person, phone, ids } = await twoDevices();
    const { identity, recipient } = await makeOpenerKeyPair();
    await phone.act((work) => setTrusteeOpener(work, recipient, 1));
    await phone.flush();
    pass(person, 5);
    // Half of them: too few for anybody to say that it was a thief.
    await phone.act(async (work) => {
      for (const id of ids.slice(0, 2)) await setRecord(work, keys.closed(id), flagSchema, true);
    });
    await phone.flush();
    const { register } = await phone.location();
    const restored = await restoreWithIdentity(phone.ports, { vault: vaultUrl, register }, identity);
    if (!restored.ok) throw new Error(restored.error.detail);
    const fresh = await person.device("new phone");
    await fresh.act(async (work) => {
      await beginArchive(work, vaultUrl);
      await adoptRecovered(work, restored.value);
    });
    expect((await fresh.flush()).archived).toBe(true);
    expect(await people(fresh)).toEqual(["Ben (closed)", "Chi (closed)", "Dee", "Eli"].toSorted());
    await look(fresh);
    const found = await pending(fresh);
    expect(found).toMatchObject({ relationships: 2 });
    expect(found?.version).toMatch(/^\d+@[0-9a-f]{6}$/u);
    expect(await undo(fresh)).toMatchObject({ relationships: 2 });
    expect(await people(fresh)).toEqual(names);
    pass(person, 91);
    await look(fresh);
    expect(await listState(fresh.work(), "arch/former/")).toEqual([]);
  });
});
