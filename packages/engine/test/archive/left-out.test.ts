/** A thief holds one device of Ana's, another one is hers: what the one leaves out of the archive, the other puts back. */
import { describe, expect, test } from "vitest";
import { encode } from "@photon/protocol/codec";
import { makeOpenerKeyPair } from "@photon/protocol/archive";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { adoptRestored } from "../../src/archive/adopt.ts";
import { restoreArchive, restoreWithIdentity } from "../../src/archive/restore.ts";
import { backupStatus } from "../../src/archive/status.ts";
import { deviceSchema } from "../../src/circle/devices.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { getState, listState } from "../../src/circle/state.ts";
import { parseRow } from "../../src/storage/core.ts";
import { archivedState, befriend, makePerson, note, type Person, said, type TestDevice } from "./people.ts";
import { forge, spoil } from "./thief.ts";

const clean = { archived: true, problems: [] };

interface Scene {
  readonly person: Person;
  readonly laptop: TestDevice;
  readonly thief: TestDevice;
  readonly identity: string;
}

async function scene(): Promise<Scene> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const laptop = await person.blank("laptop");
  await person.admit(phone, laptop);
  const { identity, recipient } = await makeOpenerKeyPair();
  await phone.act((work) => setTrusteeOpener(work, recipient, 1));
  const ben = await befriend(phone, "Ben");
  for (let one = 0; one < 12; one++) {
    await said(phone, ben, `${one}`);
    expect(await phone.flush()).toEqual(clean);
  }
  for (let one = 0; one < 15; one++) await note(phone, `large-${one}`, new Uint8Array(100_000).fill(one));
  expect(await phone.flush()).toEqual(clean);
  const restored = await restoreArchive(laptop.ports, await phone.location());
  if (!restored.ok) throw new Error(restored.error.detail);
  await laptop.act(async (work) => {
    await mergeState(work, restored.value.changes, "archive");
    adoptRestored(work, restored.value);
  });
  await person.tell(phone, laptop);
  await laptop.flush();
  await pullArchive(phone.work());
  return { person, laptop, thief: await person.steal(phone), identity };
}

/** What somebody with nothing but the trustees' word finds in the newest head. */
async function inTheVault({ person, laptop, identity }: Scene): Promise<string> {
  const restored = await restoreWithIdentity(laptop.ports, await laptop.location(), identity, { cut: { kind: "newest" } });
  if (!restored.ok) throw new Error(restored.error.code);
  const blank = await person.blank("reader");
  await blank.act((work) => mergeState(work, restored.value.changes, "archive"));
  return archivedState(blank);
}

describe("what a thief's device leaves out of the newest head", () => {
  test("everything: another device notices, says so, and puts it back", async () => {
    const one = await scene();
    await forge(one.thief, {});
    const { problems } = await pullArchive(one.laptop.work());
    expect(problems.map(({ code, detail }) => `${code}: ${detail}`).join()).toMatch(
      /archive-damaged: another device left \d\d+ entries/u,
    );
    expect((await backupStatus(one.laptop.work())).pendingChanges).toBeGreaterThan(20);
    expect(await one.laptop.flush()).toEqual(clean);
    expect(await inTheVault(one)).toBe(await archivedState(one.laptop));
    expect((await pullArchive(one.laptop.work())).problems).toEqual([]);
  });

  test("everything but garbage under the same keys, older than what was there", async () => {
    const one = await scene();
    const entries = await listState(one.thief.work(), "notes/");
    const hlc = { wall: 1, counter: 0, node: new Uint8Array(8) };
    await forge(one.thief, { changes: entries.map(({ key }) => ({ key, hlc, value: new Uint8Array(3) })) });
    expect((await pullArchive(one.laptop.work())).problems.length).toBe(1);
    await one.laptop.flush();
    expect(await inTheVault(one)).toBe(await archivedState(one.laptop));
  });

  test("everything, in a head that nobody can read: it is not in the way", async () => {
    const one = await scene();
    for (const garbage of ["body", "manifest"] as const) {
      await spoil(one.thief, garbage);
      expect((await pullArchive(one.laptop.work())).problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
      expect(await one.laptop.flush()).toEqual(clean);
      expect(await inTheVault(one)).toBe(await archivedState(one.laptop));
      expect(await one.laptop.flush()).toEqual(clean);
    }
  });

  test("nothing, when another device compacts: that is no loss, and nothing is written again", async () => {
    const one = await scene();
    for (let more = 0; more < 20; more++) {
      await note(one.thief, `note-${more % 3}`, new Uint8Array(2000).fill(more));
      await one.thief.flush();
      const { problems } = await pullArchive(one.laptop.work());
      expect([problems, (await backupStatus(one.laptop.work())).pendingChanges]).toEqual([[], 0]);
    }
    for (let round = 0; round < 3; round++) {
      for (let large = 0; large < 15; large++) await note(one.thief, `large-${large}`, new Uint8Array(100_000).fill(100 + round));
      await one.thief.flush();
      const { problems } = await pullArchive(one.laptop.work());
      expect([problems, (await backupStatus(one.laptop.work())).pendingChanges]).toEqual([[], 0]);
    }
    expect(await inTheVault(one)).toBe(await archivedState(one.laptop));
  });
});

test("a device's key to the archive is never replaced by what another one wrote", async () => {
  const one = await scene();
  const devices = await listState(one.laptop.work(), "dev/");
  const laptop = devices.find(({ value }) => parseRow(deviceSchema, value).name === "laptop");
  if (laptop === undefined) throw new Error("no laptop");
  const { recipient } = await makeOpenerKeyPair();
  const forged = encode(deviceSchema, { ...parseRow(deviceSchema, laptop.value), recipient });
  const hlc = { wall: one.person.now + 1000, counter: 0, node: new Uint8Array(8) };
  await forge(one.thief, { keeps: true, changes: [{ key: laptop.key, hlc, value: forged }] });
  await pullArchive(one.laptop.work());
  expect(await getState(one.laptop.work(), laptop.key)).toEqual(laptop.value);
});
