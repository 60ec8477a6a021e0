import { describe, expect, test } from "vitest";
import { maxSegments } from "@photon/protocol/archive";
import { backupStatus } from "../../src/archive/status.ts";
import { restoreArchive } from "../../src/archive/restore.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { pendingChanges, setState } from "../../src/circle/state.ts";
import { archivedState, makePerson, note, type Person, type TestDevice, untilCrash } from "./people.ts";

const clean = { archived: true, problems: [] };

/** What a fresh read of the vault, with this device's key, makes of the archive. */
async function restoredState(person: Person, device: TestDevice): Promise<string> {
  const restored = await restoreArchive(device.ports, await device.location());
  if (!restored.ok) throw new Error(`${restored.error.code} ${restored.error.detail}`);
  expect(restored.value.problems).toEqual([]);
  const blank = await person.blank("reader");
  await blank.act((work) => mergeState(work, restored.value.changes, "archive"));
  return archivedState(blank);
}

describe("increments", () => {
  test("a new profile is archived whole, and then nothing pending makes no request", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    expect(await phone.flush()).toEqual(clean);
    expect(await restoredState(person, phone)).toBe(await archivedState(phone));
    const { length } = person.vault.calls;
    expect(await phone.flush()).toEqual(clean);
    expect(person.vault.calls.length).toBe(length);
  });

  test("an increment costs the size of the change, not of the archive", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    for (let one = 0; one < 40; one++) await note(phone, `old-${one}`, new Uint8Array(60_000).fill(one));
    await phone.flush();
    const from = person.vault.calls.length;
    const rounds = 64;
    for (let one = 0; one < rounds; one++) {
      await note(phone, `new-${one}`, "a word or two");
      expect(await phone.flush()).toEqual(clean);
    }
    const sent = person.vault.calls.slice(from).reduce((sum, { bytes }) => sum + bytes, 0);
    // 2.4 MB are there; a message costs a padded kilobyte, a head of about two, and its share of the merging.
    expect(sent / rounds).toBeLessThan(8 * 1024);
    expect(person.vault.calls.length - from).toBe(2 * rounds);
  });

  test("an increment costs the same in an archive of 10, of 1,000 and of 10,000 records", async () => {
    const costs: number[] = [];
    for (const records of [10, 1_000, 10_000]) {
      const person = await makePerson();
      const phone = await person.device("phone");
      await phone.act(async (work) => {
        for (let one = 0; one < records; one++) await setState(work, `notes/${one}`, work.random(150));
      });
      expect(await phone.flush()).toEqual(clean);
      const from = person.vault.calls.length;
      const rounds = 32;
      for (let one = 0; one < rounds; one++) {
        await note(phone, `new-${one}`, "a word or two");
        expect(await phone.flush()).toEqual(clean);
      }
      const sent = person.vault.calls.slice(from);
      // A segment and a head for each, whatever there is.
      expect(sent.map(({ kind }) => kind)).toEqual(Array.from({ length: rounds }, () => ["blobPut", "headPut"]).flat());
      costs.push(sent.reduce((sum, { bytes }) => sum + bytes, 0) / rounds);
    }
    const [few = 0, ...more] = costs;
    expect(few).toBeLessThan(6 * 1024);
    for (const cost of more) expect(cost).toBeLessThan(1.5 * few);
  }, 120_000);

  test("compaction keeps the chain to the logarithm of the archive's size, far below what a manifest can name", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    let most = 0;
    for (let one = 0; one < 150; one++) {
      await note(phone, `m-${one}`, new Uint8Array(200 + ((one * 7919) % 3000)));
      expect(await phone.flush()).toEqual(clean);
      most = Math.max(most, (await backupStatus(phone.work())).segments);
    }
    expect(most).toBeLessThanOrEqual(12);
    expect(most).toBeLessThan(maxSegments / 10);
    expect(await restoredState(person, phone)).toBe(await archivedState(phone));
  });

  test("what is written over and over does not pile up", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    for (let round = 0; round < 12; round++) {
      for (let one = 0; one < 400; one++) await note(phone, `same-${one}`, new Uint8Array(2000).fill(round));
      expect(await phone.flush()).toEqual(clean);
    }
    const { bytes } = await backupStatus(phone.work());
    expect(bytes).toBeLessThan(4 * 400 * 2100);
    expect(bytes).toBeGreaterThan(400 * 2000);
    expect(await restoredState(person, phone)).toBe(await archivedState(phone));
  }, 120_000);

  test("a deletion is archived, so that what was deleted does not come back", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    await note(phone, "gone", "for a while");
    await phone.flush();
    await phone.act((work) => setState(work, "notes/gone", undefined));
    await phone.flush();
    expect(await restoredState(person, phone)).toBe(await archivedState(phone));
  });
});

describe("an interrupted upload", () => {
  for (const how of ["crash", "crash-after", "cut", "lost"] as const) {
    test(`leaves the previous state restorable and resumes: ${how} at every single call`, async () => {
      for (let at = 0; ; at++) {
        const person = await makePerson();
        const phone = await person.device("phone");
        await note(phone, "before", "was there");
        await phone.flush();
        const previous = await archivedState(phone);
        await note(phone, "after", new Uint8Array(3000));
        const from = person.vault.calls.length;
        let struck = false;
        person.vault.fault = ({ index }) => {
          if (index !== from + at) return undefined;
          struck = true;
          return how;
        };
        if (how === "crash" || how === "crash-after") expect(await untilCrash(() => phone.flush())).toBe(struck);
        else {
          const outcome = await phone.flush();
          if (struck) expect(outcome.problems[0]?.code).toBe("vault-unreachable");
          if (struck) expect(outcome.archived).toBe(false);
        }
        person.vault.fault = () => undefined;
        if (!struck) {
          expect(at).toBe(2); // a segment and a head
          break;
        }
        expect([previous, await archivedState(phone)]).toContain(await restoredState(person, phone));
        expect((await phone.flush()).problems).toEqual([]);
        expect(await restoredState(person, phone)).toBe(await archivedState(phone));
        expect(await pendingChanges(phone.work(), "a")).toEqual([]);
      }
    });
  }

  test("also the very first one", async () => {
    for (let at = 0; ; at++) {
      const person = await makePerson();
      const phone = await person.device("phone");
      person.vault.fault = ({ index }) => (index === at ? "crash-after" : undefined);
      const crashed = await untilCrash(() => phone.flush());
      person.vault.fault = () => undefined;
      expect(await phone.flush()).toEqual(clean);
      expect(await restoredState(person, phone)).toBe(await archivedState(phone));
      if (!crashed) break;
      expect(at).toBeLessThan(10);
    }
  });

  test("a first upload of many segments goes on where it was", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    for (let one = 0; one < 110; one++) await note(phone, `big-${one}`, new Uint8Array(100_000).fill(one));
    person.vault.fault = ({ kind, index }) => (kind === "blobPut" && index > 12 ? "crash" : undefined);
    expect(await untilCrash(() => phone.flush())).toBe(true);
    person.vault.fault = () => undefined;
    const left = (await pendingChanges(phone.work(), "a")).length;
    expect(left).toBeLessThan(60);
    expect(await phone.flush()).toEqual(clean);
    expect(await restoredState(person, phone)).toBe(await archivedState(phone));
  }, 120_000);
});

describe("an unreachable vault", () => {
  test("is said, and nothing is lost", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    person.vault.fault = () => "cut";
    const outcome = await phone.flush();
    expect(outcome.archived).toBe(false);
    expect(outcome.problems.map(({ code }) => code)).toEqual(["vault-unreachable"]);
    const pending = await pendingChanges(phone.work(), "a");
    expect(pending.length).toBeGreaterThan(0);
    person.vault.fault = () => undefined;
    expect(await phone.flush()).toEqual(clean);
    expect((await backupStatus(phone.work())).pendingChanges).toBe(0);
  });
});
