/** Ana's archive is at several vaults: each has all of it, none knows of the others, and none holds the others up. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, encode, toHex } from "@photon/protocol/codec";
import { headPutSchema, makeOpenerKeyPair, signBlobPut } from "@photon/protocol/archive";
import { type MemoryVault, memoryVault } from "@photon/testkit/memory-vault";
import { join } from "../../src/archive/location-join.ts";
import { type Location, locationSchema, placesOf } from "../../src/archive/location-record.ts";
import { inForce, locatedIn } from "../../src/archive/location.ts";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { adoptRestored, problemsOf } from "../../src/archive/adopt.ts";
import { restoreArchive, type Restored, restoreWithIdentity, restoreWithPassphrase } from "../../src/archive/restore.ts";
import { addPassphraseOpener, archivePins, backupStatus, passphraseTickets } from "../../src/archive/status.ts";
import { turnArchive } from "../../src/archive/turn.ts";
import { lostAfter } from "../../src/archive/upload.ts";
import { addVault, removeVault } from "../../src/archive/vaults.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { getState } from "../../src/circle/state.ts";
import type { PhotonError } from "../../src/errors.ts";
import { archivedState, befriend, makePerson, note, type Person, said, type TestDevice, vaultUrl } from "./people.ts";

const clean = { archived: true, problems: [] };
const [second, third] = ["https://second.example", "https://third.example"];

interface Scene {
  readonly person: Person;
  readonly phone: TestDevice;
  readonly first: MemoryVault;
  readonly other: MemoryVault;
}

/** A phone with some history, and a second vault chosen after it. */
async function scene(): Promise<Scene> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const ben = await befriend(phone, "Ben");
  for (let one = 0; one < 5; one++) await said(phone, ben, `${one}`);
  expect(await phone.flush()).toEqual(clean);
  const other = memoryVault();
  person.elsewhere.set(second, other);
  expect((await phone.act((work) => addVault(work, second))).ok).toBe(true);
  expect(await phone.flush()).toEqual(clean);
  return { person, phone, first: person.vault, other };
}

async function placeOf(device: TestDevice, vault: string) {
  const place = placesOf(await device.whole()).find((one) => one.vault === vault);
  if (place === undefined) throw new Error(`no ${vault}`);
  return place;
}
async function restoredFrom(device: TestDevice, vault: string): Promise<Restored> {
  const restored = await restoreArchive(device.ports, await placeOf(device, vault));
  if (!restored.ok) throw new Error(`${restored.error.code} ${restored.error.detail}`);
  return restored.value;
}
async function stateOf(person: Person, ...restored: readonly Restored[]): Promise<string> {
  const blank = await person.blank("reader");
  for (const { changes } of restored) await blank.act((work) => mergeState(work, changes, "archive"));
  return archivedState(blank);
}
/** A laptop that joins by restoring from every vault that answers. */
async function joins(
  person: Person,
  phone: TestDevice,
): Promise<{ readonly laptop: TestDevice; readonly problems: readonly PhotonError[] }> {
  const laptop = await person.blank("laptop");
  await person.admit(phone, laptop);
  expect((await phone.flush()).archived).toBe(true);
  const pins = await archivePins(phone.work());
  const all: Restored[] = [];
  const failed: PhotonError[] = [];
  for (const place of placesOf(await phone.whole())) {
    const restored = await restoreArchive(laptop.ports, place, { pins });
    if (restored.ok) all.push(restored.value);
    else failed.push(restored.error);
  }
  for (const one of all) await laptop.act((work) => mergeState(work, one.changes, "archive"));
  for (const one of all) await laptop.act(async (work) => adoptRestored(work, one));
  await person.tell(phone, laptop);
  return { laptop, problems: problemsOf(all, failed) };
}
const callsOf = (vault: MemoryVault, from = 0) => vault.calls.slice(from);
const sent = (vault: MemoryVault, from: number): number => callsOf(vault, from).reduce((sum, { bytes }) => sum + bytes, 0);

describe("several vaults", () => {
  test("each hold all of the archive, one chosen later too, and go on together", async () => {
    const { person, phone, first, other } = await scene();
    await note(phone, "more", "m");
    const [from, otherFrom] = [first.calls.length, other.calls.length];
    expect(await phone.flush()).toEqual(clean);
    // A segment and a head each.
    expect([callsOf(first, from).length, callsOf(other, otherFrom).length]).toEqual([2, 2]);
    expect(sent(other, otherFrom)).toBeLessThan(8 * 1024);
    for (const vault of [vaultUrl, second]) {
      const restored = await restoredFrom(phone, vault);
      expect([restored.problems, await stateOf(person, restored)]).toEqual([[], await archivedState(phone)]);
    }
    const status = await backupStatus(phone.work());
    expect(status.vaults.map(({ vault, pendingChanges }) => `${vault} ${pendingChanges}`)).toEqual([
      `${vaultUrl} 0`,
      `${second} 0`,
    ]);
  });

  test("have nothing in common by which their operators could tell that it is one person's", async () => {
    const { phone, first, other } = await scene();
    await phone.act((work) => addPassphraseOpener(work, "a long walk by the sea", 4));
    await phone.act(async (work) => setTrusteeOpener(work, (await makeOpenerKeyPair()).recipient, 1));
    await phone.flush();
    await phone.act(turnArchive);
    await note(phone, "more", new Uint8Array(3000).fill(7));
    expect(await phone.flush()).toEqual(clean);
    const stranger = await makePerson();
    const strangers = await stranger.device("phone");
    await strangers.act((work) => addPassphraseOpener(work, "a long walk by the lake", 4));
    await strangers.flush();
    await strangers.act(turnArchive);
    await strangers.flush();
    // What anybody's archive has: names of formats, and zeros.
    const common = await windowsAt(stranger.vault, await placeOf(strangers, vaultUrl));
    const here = await windowsAt(first, await placeOf(phone, vaultUrl));
    const there = await windowsAt(other, await placeOf(phone, second));
    expect(here.size).toBeGreaterThan(10_000);
    expect([...here].filter((window) => there.has(window) && !common.has(window))).toEqual([]);
    // The search finds what there is to find: a device of the circle at one vault, twice.
    expect([...here].filter((window) => here.has(window) && !common.has(window)).length).toBeGreaterThan(1000);
    const [a, b] = locatedIn(await phone.whole());
    if (a === undefined || b === undefined) throw new Error("two vaults");
    expect(inForce(a).epoch).not.toBe(inForce(b).epoch);
    expect(Math.floor(inForce(a).epoch / 65_536)).toBe(Math.floor(inForce(b).epoch / 65_536));
  });

  /** All runs of 8 bytes of all that a vault stores of a register, requests included, without the fixed words of age files. */
  async function windowsAt(vault: MemoryVault, { register }: { readonly register: Bytes }): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const stored = [...vault.blobs.values(), ...vault.heads(register).map((head) => encode(headPutSchema, head))];
    const fixed = /(?:\n---|age-encryption\.org\/v1|\n-> mlkem768x25519) ?/u;
    for (const bytes of stored) {
      const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      for (const part of text.split(fixed)) for (let at = 0; at + 8 <= part.length; at++) found.add(part.slice(at, at + 8));
    }
    return found;
  }
});

describe("a vault that is away", () => {
  for (const away of [vaultUrl, second]) {
    test(`(${away === vaultUrl ? "the first" : "the second"}) delays nothing, is said, and is caught up with what it missed`, async () => {
      const { person, phone, first, other } = await scene();
      const [gone, there] = away === vaultUrl ? [first, other] : [other, first];
      for (let one = 0; one < 30; one++) await note(phone, `old-${one}`, new Uint8Array(20_000).fill(one));
      expect(await phone.flush()).toEqual(clean);
      gone.fault = () => "cut";
      const from = gone.calls.length;
      for (let one = 0; one < 10; one++) {
        await note(phone, `new-${one}`, "a word");
        const flushed = await phone.flush();
        expect([flushed.archived, flushed.problems.map(({ code }) => code)]).toEqual([true, ["vault-unreachable"]]);
      }
      // It was asked once, and then left alone for a while.
      expect(gone.calls.length - from).toBe(1);
      expect(await stateOf(person, await restoredFrom(phone, away === vaultUrl ? second : vaultUrl))).toBe(
        await archivedState(phone),
      );
      expect((await backupStatus(phone.work())).pendingChanges).toBe(0);
      expect((await backupStatus(phone.work())).vaults.find(({ vault }) => vault === away)?.pendingChanges).toBe(10);
      gone.fault = () => undefined;
      person.now += 11 * 60_000;
      const [missed, whole] = [gone.calls.length, there.calls.length];
      expect(await phone.flush()).toEqual(clean);
      expect(there.calls.length).toBe(whole);
      // 600 kB are there; what was missed is a few hundred bytes.
      expect(sent(gone, missed)).toBeLessThan(20 * 1024);
      expect(await stateOf(person, await restoredFrom(phone, away))).toBe(await archivedState(phone));
    });
  }

  test("is asked less and less often, and never left alone for longer than ten minutes", async () => {
    const { person, phone, other } = await scene();
    other.fault = () => "cut";
    const asked: number[] = [];
    for (let minute = 0; minute < 120; minute++) {
      const before = other.calls.length;
      await note(phone, `m-${minute}`, "x");
      await phone.flush();
      if (other.calls.length > before) asked.push(minute);
      person.now += 60_000;
    }
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(asked.length).toBeLessThan(20);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(11);
  });

  test("for the only device that wrote, is brought what is missing by another one", async () => {
    const { person, phone, other } = await scene();
    const { laptop } = await joins(person, phone);
    other.fault = () => "cut";
    await note(phone, "only at the first", "x");
    expect((await phone.flush()).archived).toBe(true);
    // The phone is never seen again.
    other.fault = () => undefined;
    expect((await pullArchive(laptop.work())).problems).toEqual([]);
    expect(await laptop.flush()).toEqual(clean);
    expect(await stateOf(person, await restoredFrom(laptop, second))).toBe(await archivedState(laptop));
    expect(await getState(laptop.work(), "notes/only at the first")).toBeDefined();
  });
});

describe("restoring from several vaults", () => {
  test("a device that joins adopts both, and reads neither again", async () => {
    const { person, phone, first, other } = await scene();
    const { laptop, problems } = await joins(person, phone);
    expect(problems).toEqual([]);
    expect(await laptop.flush()).toEqual(clean);
    const [from, otherFrom] = [first.calls.length, other.calls.length];
    await note(phone, "news", "n");
    await phone.flush();
    expect((await pullArchive(laptop.work())).problems).toEqual([]);
    expect(callsOf(first, from).filter(({ kind }) => kind === "blobGet").length).toBeLessThanOrEqual(2);
    expect(callsOf(other, otherFrom).filter(({ kind }) => kind === "blobGet").length).toBeLessThanOrEqual(2);
    expect(await archivedState(laptop)).toBe(await archivedState(phone));
    const [quiet, otherQuiet] = [first.calls.length, other.calls.length];
    expect(await laptop.flush()).toEqual(clean);
    expect([first.calls.length, other.calls.length]).toEqual([quiet, otherQuiet]);
  });

  for (const how of ["missing", "changed"] as const) {
    test(`a ${how} blob at one is made up for by the other, and no problem; at both it is one`, async () => {
      const { person, phone, first, other } = await scene();
      const [register, otherRegister] = [await placeOf(phone, vaultUrl), await placeOf(phone, second)];
      const spoil = (vault: MemoryVault, place: { readonly register: Bytes }): void => {
        const [largest] = (vault.heads(place.register).at(-1)?.keeps ?? []).toSorted(
          (a, b) => (vault.blobs.get(toHex(b))?.length ?? 0) - (vault.blobs.get(toHex(a))?.length ?? 0),
        );
        const name = toHex(largest ?? new Uint8Array(32));
        if (how === "missing") vault.blobs.delete(name);
        else vault.blobs.set(name, new Uint8Array(vault.blobs.get(name) ?? []).fill(1));
      };
      await note(phone, "large", new Uint8Array(30_000).fill(3));
      await phone.flush();
      spoil(first, register);
      const all = [await restoredFrom(phone, vaultUrl), await restoredFrom(phone, second)];
      expect(all.map(({ problems }) => problems.length)).toEqual([1, 0]);
      expect([problemsOf(all, []), await stateOf(person, ...all)]).toEqual([[], await archivedState(phone)]);
      spoil(other, otherRegister);
      const both = [await restoredFrom(phone, vaultUrl), await restoredFrom(phone, second)];
      expect(problemsOf(both, []).map(({ code }) => code)).toEqual(["archive-damaged", "archive-damaged"]);
    });
  }

  test("one that went back in time is made up for by the other; if all did, the gap is reported", async () => {
    const { person, phone, first, other } = await scene();
    const [a, b] = [await placeOf(phone, vaultUrl), await placeOf(phone, second)];
    const seqs = (await archivePins(phone.work())).map(({ sequence }) => sequence);
    await note(phone, "newer", "n");
    await phone.flush();
    const pins = await archivePins(phone.work());
    const read = async () => {
      const found = [];
      for (const place of [a, b]) {
        const restored = await restoreArchive(phone.ports, place, { pins });
        if (restored.ok) found.push(restored.value);
      }
      return found;
    };
    expect(problemsOf(await read(), [])).toEqual([]);
    first.rollBack(a.register, seqs[0] ?? 0);
    const one = await read();
    expect(one.map(({ behind }) => behind !== undefined)).toEqual([true, false]);
    expect([problemsOf(one, []), await stateOf(person, ...one)]).toEqual([[], await archivedState(phone)]);
    other.rollBack(b.register, seqs[1] ?? 0);
    const none = await read();
    expect(problemsOf(none, []).map(({ detail }) => detail.includes("went back in time"))).toEqual([true, true]);
  });

  test("a head that was swapped for another of the same number is told by its pin", async () => {
    const { phone, first } = await scene();
    const place = await placeOf(phone, vaultUrl);
    await note(phone, "one", "1");
    await phone.flush();
    const pins = await archivePins(phone.work());
    const seq = pins.find(({ vault }) => vault === vaultUrl)?.sequence ?? 0;
    first.rollBack(place.register, seq - 1);
    await note(phone, "two", "2");
    await phone.flush();
    await phone.flush();
    const restored = await restoreArchive(phone.ports, place, { pins });
    expect(restored.ok && restored.value.behind?.detail).toContain("another one than was seen");
    const blind = await restoreArchive(phone.ports, place, {
      pins: pins.map(({ register, sequence }) => ({ register, sequence })),
    });
    expect(blind.ok && blind.value.behind).toBeUndefined();
  });

  test("the passphrase, and the trustees, open each of them by themselves", async () => {
    const { person, phone } = await scene();
    const { identity, recipient } = await makeOpenerKeyPair();
    await phone.act((work) => setTrusteeOpener(work, recipient, 1));
    await phone.act((work) => addPassphraseOpener(work, "a long walk by the sea", 4));
    expect(await phone.flush()).toEqual(clean);
    const tickets = await passphraseTickets(phone.work());
    expect(tickets.map(({ vault }) => vault)).toEqual([vaultUrl, second]);
    for (const ticket of tickets) {
      const restored = await restoreWithPassphrase(phone.ports, ticket, "a long walk by the sea");
      expect(restored.ok && (await stateOf(person, restored.value))).toBe(await archivedState(phone));
      const byTrustees = await restoreWithIdentity(phone.ports, ticket, identity);
      expect(byTrustees.ok && (await stateOf(person, byTrustees.value))).toBe(await archivedState(phone));
    }
  });
});

describe("choosing vaults", () => {
  test("up to three; each once; never none; only what answers as a vault", async () => {
    const { person, phone } = await scene();
    person.elsewhere.set(third, memoryVault());
    const add = async (url: string): Promise<string> => {
      const added = await phone.act((work) => addVault(work, url));
      return added.ok ? "added" : added.error.code;
    };
    const remove = async (url: string): Promise<string> => {
      const removed = await phone.act((work) => removeVault(work, url));
      return removed.ok ? "removed" : removed.error.code;
    };
    expect([await add(second), await add("not an address"), await add(third), await add("https://fourth.example")]).toEqual([
      "vault-known",
      "wrong-server",
      "added",
      "too-many-vaults",
    ]);
    expect(await phone.flush()).toEqual(clean);
    const silent = memoryVault();
    silent.fault = () => "cut";
    person.elsewhere.set("https://silent.example", silent);
    expect([await remove(vaultUrl), await remove(vaultUrl), await remove(second)]).toEqual(["removed", "unknown-vault", "removed"]);
    expect([await add("https://silent.example"), await remove(third)]).toEqual(["vault-unreachable", "last-vault"]);
    await note(phone, "alone", "a");
    expect(await phone.flush()).toEqual(clean);
    expect(await stateOf(person, await restoredFrom(phone, third))).toBe(await archivedState(phone));
    // One that comes back has a register of its own again.
    expect(await add(vaultUrl)).toBe("added");
    expect(await phone.flush()).toEqual(clean);
    expect(await stateOf(person, await restoredFrom(phone, vaultUrl))).toBe(await archivedState(phone));
  });

  test("what waits for one stays waiting when the others are given up", async () => {
    const { person, phone, other } = await scene();
    other.fault = () => "cut";
    await note(phone, "waits", "w");
    expect((await phone.flush()).archived).toBe(true);
    await phone.act((work) => removeVault(work, vaultUrl));
    expect((await backupStatus(phone.work())).pendingChanges).toBe(1);
    other.fault = () => undefined;
    expect(await phone.flush()).toEqual(clean);
    expect(await stateOf(person, await restoredFrom(phone, second))).toBe(await archivedState(phone));
  });

  test("by two devices at once: all devices come to the same, in whatever order they hear of it", async () => {
    const { person, phone } = await scene();
    const { laptop } = await joins(person, phone);
    person.elsewhere.set(third, memoryVault());
    person.elsewhere.set("https://fourth.example", memoryVault());
    await phone.act((work) => addVault(work, third));
    person.now += 5;
    await laptop.act((work) => addVault(work, "https://fourth.example"));
    for (let round = 0; round < 3; round++) {
      await person.tell(phone, laptop);
      await laptop.whole();
      await person.tell(laptop, phone);
      await phone.whole();
    }
    expect(encode(locationSchema, await phone.whole())).toEqual(encode(locationSchema, await laptop.whole()));
    expect(placesOf(await phone.whole()).map(({ vault }) => vault)).toEqual([vaultUrl, second, third]);
    expect(await phone.flush()).toEqual(clean);
    await pullArchive(laptop.work());
    expect(await laptop.flush()).toEqual(clean);
  });

  test("joining what devices say of vaults gives one outcome in any order, any number of times", () => {
    const place = fc.record({
      vault: fc.constantFrom("https://a", "https://b", "https://c"),
      register: fc.nat(3).map((byte) => new Uint8Array(16).fill(byte)),
      added: fc.nat(4),
      begun: fc.nat(4),
      until: fc.option(fc.nat(4), { nil: undefined }),
    });
    const epoch = { epoch: 65_536, key: new Uint8Array(32), writeSeed: new Uint8Array(32) };
    const location = fc
      .uniqueArray(place, { minLength: 1, maxLength: 3, selector: ({ vault }) => vault })
      .map((places): Location => ({
        places: places.map(({ until, ...rest }) => (until === undefined ? rest : { ...rest, until })),
        epochs: [epoch],
      }));
    const same = (a: Location, b: Location): void => expect(encode(locationSchema, a)).toEqual(encode(locationSchema, b));
    fc.assert(
      fc.property(location, location, location, (a, b, c) => {
        same(join(a, b), join(b, a));
        same(join(join(a, b), c), join(a, join(b, c)));
        same(join(join(a, b), b), join(a, b));
      }),
    );
  });
});

describe("a register that is full", () => {
  test("is left behind for another one, once a day at most; the others are not touched", async () => {
    const { person, phone, first, other } = await scene();
    const thief = await person.steal(phone);
    const before = await placeOf(phone, vaultUrl);
    const otherBefore = await placeOf(phone, second);
    // A thief fills it with what no head names.
    const site = await thief.location();
    await thief.ports.blobs.call(
      vaultUrl,
      "blobPut",
      signBlobPut(inForce(site).writeSeed, { register: site.register, body: new Uint8Array(9000) }),
    );
    const full = new Set([toHex(before.register)]);
    first.full = (register) => full.has(toHex(register));
    await note(phone, "first day", "x");
    const early = await phone.flush();
    expect([early.archived, early.problems.map(({ code }) => code)]).toEqual([true, ["vault-refused"]]);
    person.now += lostAfter;
    expect(await phone.flush()).toMatchObject({ archived: true, problems: [] });
    const next = await placeOf(phone, vaultUrl);
    expect(toHex(next.register)).not.toBe(toHex(before.register));
    expect(await placeOf(phone, second)).toEqual(otherBefore);
    expect(await stateOf(person, await restoredFrom(phone, vaultUrl))).toBe(await archivedState(phone));
    // Again at once: it waits a day.
    full.add(toHex(next.register));
    await note(phone, "second day", "y");
    expect((await phone.flush()).problems.map(({ code }) => code)).toEqual(["vault-refused"]);
    expect(await placeOf(phone, vaultUrl)).toEqual(next);
    expect(other.heads(otherBefore.register).length).toBeGreaterThan(3);
    // And what the old one held is still there.
    expect(first.heads(before.register).length).toBeGreaterThan(1);
  });

  test("of a vault that is the only one, too", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    await befriend(phone, "Ben");
    await phone.flush();
    const { register } = await phone.location();
    person.vault.full = (one) => toHex(one) === toHex(register);
    await note(phone, "more", "m");
    expect((await phone.flush()).archived).toBe(false);
    person.now += lostAfter;
    expect((await phone.flush()).archived).toBe(true);
    expect(toHex((await phone.location()).register)).not.toBe(toHex(register));
    expect(await stateOf(person, await restoredFrom(phone, vaultUrl))).toBe(await archivedState(phone));
  });
});
