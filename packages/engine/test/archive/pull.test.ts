import { describe, expect, test } from "vitest";
import { flushArchive } from "../../src/archive/upload.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { adoptRestored } from "../../src/archive/adopt.ts";
import { restoreArchive } from "../../src/archive/restore.ts";
import { archivePins, backupStatus } from "../../src/archive/status.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { getState } from "../../src/circle/state.ts";
import { archivedState, makePerson, note, type Person, type TestDevice } from "./people.ts";

const clean = { archived: true, problems: [] };
const pull = (device: TestDevice) => pullArchive(device.work());
const has = async (device: TestDevice, key: string): Promise<boolean> =>
  (await getState(device.work(), `notes/${key}`)) !== undefined;

/** A phone and a laptop of one circle; the laptop came by restoring what the phone had archived. */
async function twoDevices(): Promise<{ person: Person; phone: TestDevice; laptop: TestDevice }> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const laptop = await person.blank("laptop");
  await person.admit(phone, laptop);
  expect(await phone.flush()).toEqual(clean);
  const restored = await restoreArchive(laptop.ports, await phone.location());
  if (!restored.ok) throw new Error(restored.error.detail);
  await laptop.act(async (work) => {
    await mergeState(work, restored.value.changes, "archive");
    adoptRestored(work, restored.value);
  });
  await person.tell(phone, laptop);
  expect(await laptop.flush()).toEqual(clean);
  return { person, phone, laptop };
}

describe("devices that were away", () => {
  test("get what another archived, and only that is fetched", async () => {
    const { person, phone, laptop } = await twoDevices();
    await note(phone, "one", "said while the laptop slept");
    expect(await phone.flush()).toEqual(clean);
    const from = person.vault.calls.length;
    const { changed, problems } = await pull(laptop);
    expect(problems).toEqual([]);
    expect(changed).toEqual(["notes/one"]);
    expect(await has(laptop, "one")).toBe(true);
    expect(person.vault.calls.slice(from).filter(({ kind }) => kind === "blobGet").length).toBeLessThanOrEqual(2);
    expect(await pull(laptop)).toEqual({ changed: [], problems: [] });
    expect(await laptop.flush()).toEqual(clean);
  });

  test("an unreachable vault is said, and what is here stays", async () => {
    const { person, laptop } = await twoDevices();
    const before = await archivedState(laptop);
    person.vault.fault = () => "cut";
    expect((await pull(laptop)).problems.map(({ code }) => code)).toEqual(["vault-unreachable"]);
    expect(await archivedState(laptop)).toBe(before);
  });
});

describe("two devices uploading at once", () => {
  test("converge, whichever is faster at whichever call", async () => {
    for (let at = 0; at < 3; at++) {
      const { person, phone, laptop } = await twoDevices();
      await note(phone, "from-phone", "p");
      await note(laptop, "from-laptop", "l");
      const from = person.vault.calls.length;
      person.vault.before = async ({ index }) => {
        if (index !== from + at) return;
        person.vault.before = undefined;
        expect(await laptop.flush()).toEqual(clean);
      };
      expect(await phone.flush()).toEqual(clean);
      person.vault.before = undefined;
      await pull(laptop);
      await laptop.flush();
      await pull(phone);
      expect(await archivedState(phone)).toBe(await archivedState(laptop));
      expect([await has(phone, "from-laptop"), await has(laptop, "from-phone")]).toEqual([true, true]);
    }
  });

  test("a device that always loses gives up for now, loses nothing, and says so", async () => {
    const { person, phone, laptop } = await twoDevices();
    await note(phone, "mine", "p");
    let busy = false;
    let count = 0;
    person.vault.before = async ({ kind }) => {
      if (kind !== "headPut" || busy) return;
      busy = true;
      await note(laptop, `busy-${count++}`, "l");
      await flushArchive(laptop.work());
      busy = false;
    };
    const outcome = await phone.flush();
    expect(outcome.archived).toBe(false);
    expect(outcome.problems.length).toBe(1);
    person.vault.before = undefined;
    expect(await phone.flush()).toEqual(clean);
  });
});

describe("a vault that is not as it was left", () => {
  for (const damage of ["truncated", "swapped", "missing"] as const) {
    test(`a ${damage} blob is named, the rest is kept, and a device that has the history uploads it again`, async () => {
      const { person, phone, laptop } = await twoDevices();
      await note(phone, "large", new Uint8Array(50_000).fill(7));
      await phone.flush();
      const before = new Set(person.vault.blobs.keys());
      await note(phone, "small", "x");
      await phone.flush();
      const [hash = ""] = [...person.vault.blobs.keys()].filter((key) => !before.has(key));
      const body = person.vault.blobs.get(hash) ?? new Uint8Array(0);
      if (damage === "truncated") person.vault.blobs.set(hash, body.slice(0, body.length - 1));
      if (damage === "swapped") person.vault.blobs.set(hash, person.vault.blobs.get([...before].at(-1) ?? "") ?? body);
      if (damage === "missing") person.vault.blobs.delete(hash);
      const { problems } = await pull(laptop);
      expect(problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
      expect(problems[0]?.detail).toContain(hash.slice(0, 16));
      expect([await has(laptop, "large"), await has(laptop, "small")]).toEqual([true, false]);
      // The laptop goes on archiving all the same, and asks the circle.
      await note(laptop, "later", "y");
      expect((await laptop.flush()).archived).toBe(true);
      await person.tell(laptop, phone);
      const healed = await phone.flush();
      expect(healed.archived).toBe(true);
      const again = await pull(laptop);
      expect(again.problems).toEqual([]);
      expect(await has(laptop, "small")).toBe(true);
      await pull(phone);
      expect(await archivedState(phone)).toBe(await archivedState(laptop));
      await person.tell(phone, laptop);
      expect(await phone.flush()).toEqual(clean);
      expect(await laptop.flush()).toEqual(clean);
    });
  }

  test("a rolled-back head is noticed and reported, and what is missing is uploaded again", async () => {
    const { person, phone, laptop } = await twoDevices();
    const { register } = await phone.location();
    const seq = (await backupStatus(phone.work())).sequence;
    await note(phone, "newer", "n");
    await phone.flush();
    await pull(laptop);
    person.vault.rollBack(register, seq);
    const { problems } = await pull(laptop);
    expect(problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
    expect(problems[0]?.detail).toContain("went back in time");
    expect((await laptop.flush()).archived).toBe(true);
    const restored = await restoreArchive(phone.ports, await phone.location());
    expect(restored.ok && restored.value.changes.some(({ key }) => key === "notes/newer")).toBe(true);
    await note(phone, "after", "a");
    const flushed = await phone.flush();
    expect(flushed.archived).toBe(true);
    await pull(laptop);
    expect(await archivedState(phone)).toBe(await archivedState(laptop));
  });

  test("a new device that is shown an old head says so, and takes what is there", async () => {
    const { person, phone } = await twoDevices();
    const location = await phone.location();
    const old = (await backupStatus(phone.work())).sequence;
    await note(phone, "newer", "n");
    await phone.flush();
    const pins = await archivePins(phone.work());
    expect(await restoreArchive(phone.ports, location, { pins })).toMatchObject({ value: { problems: [], behind: undefined } });
    person.vault.rollBack(location.register, old);
    const restored = await restoreArchive(phone.ports, location, { pins });
    expect(restored.ok && restored.value.problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
    expect(restored.ok && restored.value.changes.length > 0).toBe(true);
  });

  test("a head swapped for another of the same number is noticed", async () => {
    const { person, phone, laptop } = await twoDevices();
    const { register } = await phone.location();
    const seq = (await backupStatus(phone.work())).sequence;
    await note(phone, "newer", "n");
    await phone.flush();
    await pull(laptop);
    person.vault.rollBack(register, seq);
    await note(laptop, "other", "o");
    // The laptop heals the vault; its head has the number that the phone's had.
    await laptop.flush();
    expect((await backupStatus(laptop.work())).sequence).toBe((await backupStatus(phone.work())).sequence);
    const { problems } = await pull(phone);
    expect(problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
    await phone.flush();
    await pull(laptop);
    expect(await archivedState(phone)).toBe(await archivedState(laptop));
  });

  test("a vault that lost the whole register is filled again", async () => {
    const { person, phone } = await twoDevices();
    person.vault.forget((await phone.location()).register);
    person.vault.blobs.clear();
    await note(phone, "newer", "n");
    const outcome = await phone.flush();
    expect(outcome.archived).toBe(true);
    expect(outcome.problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
    const restored = await restoreArchive(phone.ports, await phone.location());
    if (!restored.ok) throw new Error(restored.error.detail);
    const blank = await person.blank("reader");
    await blank.act((work) => mergeState(work, restored.value.changes, "archive"));
    expect(await archivedState(blank)).toBe(await archivedState(phone));
  });

  test("a blob that the next head needs and the vault has lost is uploaded again", async () => {
    const { person, phone } = await twoDevices();
    const before = new Set(person.vault.blobs.keys());
    await note(phone, "large", new Uint8Array(50_000).fill(1));
    await phone.flush();
    for (const key of person.vault.blobs.keys()) if (!before.has(key)) person.vault.blobs.delete(key);
    await note(phone, "small", "s");
    const outcome = await phone.flush();
    expect(outcome.archived).toBe(true);
    expect(outcome.problems.map(({ code }) => code)).toEqual(["archive-damaged"]);
    const restored = await restoreArchive(phone.ports, await phone.location());
    expect(restored.ok && restored.value.problems).toEqual([]);
    expect(restored.ok && restored.value.changes.some(({ key }) => key === "notes/large")).toBe(true);
  });
});
