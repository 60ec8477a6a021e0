import { describe, expect, test } from "vitest";
import { encode, equalBytes, toHex } from "@photon/protocol/codec";
import {
  headHash,
  makeOpenerKeyPair,
  noHead,
  openPassphraseIdentity,
  parseHead,
  signHeadPut,
  unwrapEpochKeys,
} from "@photon/protocol/archive";
import { ed25519Signer } from "@photon/protocol/statement";
import { lostAfter } from "../../src/archive/upload.ts";
import { join } from "../../src/archive/location-join.ts";
import { locationSchema } from "../../src/archive/location-record.ts";
import { inForce, keepLocation } from "../../src/archive/location.ts";
import { setRecord } from "../../src/relationship/records.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { restoreArchive, restoreWithPassphrase } from "../../src/archive/restore.ts";
import { addPassphraseOpener, backupStatus, passphraseTickets } from "../../src/archive/status.ts";
import { turnArchive } from "../../src/archive/turn.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { archivedState, makePerson, note, type Person, type TestDevice } from "./people.ts";

const clean = { archived: true, problems: [] };
/** log2 of scrypt's N: these passphrases protect nothing. */
const cheap = 4;
const passphrase = "a long walk by the sea";

async function withLaptop(): Promise<{ person: Person; phone: TestDevice; laptop: TestDevice }> {
  const person = await makePerson();
  const phone = await person.device("phone");
  const laptop = await person.blank("laptop");
  await person.admit(phone, laptop);
  expect(await phone.flush()).toEqual(clean);
  await person.tell(phone, laptop);
  await pullArchive(laptop.work());
  expect(await laptop.flush()).toEqual(clean);
  return { person, phone, laptop };
}

describe("removing an opener", () => {
  test("a retired device cannot open what comes after; what it could read stays readable to it", async () => {
    const { person, phone, laptop } = await withLaptop();
    await note(phone, "before", "b");
    await phone.flush();
    const location = await phone.location();
    const old = person.vault.heads(location.register).at(-1);
    await person.retire(laptop, phone);
    await note(laptop, "after", "a");
    expect((await laptop.flush()).archived).toBe(true);
    expect((await backupStatus(laptop.work())).openers).toEqual([{ kind: "device", name: "laptop" }]);
    // The newest head: not for the phone, by whatever it holds.
    const refused = await restoreArchive(phone.ports, location);
    expect(refused.ok ? "opened" : refused.error.code).toBe("wrong-secret");
    expect((await pullArchive(phone.work())).changed).toEqual([]);
    const newest = person.vault.heads(location.register).at(-1);
    const body = newest === undefined ? undefined : parseHead(newest.body);
    expect(body?.ok && location.epochs.some(({ epoch }) => epoch === body.value.epoch)).toBe(false);
    // The head from before is still there, and opens.
    const before = old === undefined ? undefined : parseHead(old.body);
    const wraps = before?.ok ? person.vault.blobs.get(toHex(before.value.wraps)) : undefined;
    const keys = wraps === undefined ? undefined : await unwrapEpochKeys(wraps, (file) => phone.keys.decryptAge(file));
    expect(keys?.ok).toBe(true);
    expect((await restoreArchive(laptop.ports, location)).ok).toBe(true);
  });

  test("the vault takes no head and no blob from a retired device", async () => {
    const { person, phone, laptop } = await withLaptop();
    await person.retire(laptop, phone);
    expect((await laptop.flush()).archived).toBe(true);
    const { register } = await laptop.location();
    const heads = person.vault.heads(register).length;
    await note(phone, "forged", "f");
    expect((await phone.flush()).archived).toBe(false);
    expect(person.vault.heads(register).length).toBe(heads);
  });

  test("the next write key is announced in a head that the current one signs", async () => {
    const { person, phone } = await withLaptop();
    const before = await phone.location();
    await phone.act(turnArchive);
    expect(await phone.flush()).toEqual(clean);
    const head = person.vault.heads(before.register).at(-1);
    expect(equalBytes(head?.writeKey ?? before.register, ed25519Signer(inForce(before).writeSeed).publicKey)).toBe(true);
    expect(equalBytes(head?.nextKey ?? before.register, ed25519Signer(inForce(await phone.location()).writeSeed).publicKey)).toBe(
      true,
    );
    await note(phone, "next", "n");
    expect(await phone.flush()).toEqual(clean);
    expect(person.vault.heads(before.register).at(-1)?.nextKey).toBeUndefined();
  });

  test("a turn is never undone by another device's change of the same record", async () => {
    const { person, phone, laptop } = await withLaptop();
    await phone.act(turnArchive);
    person.now += 1000;
    await laptop.act((work) => addPassphraseOpener(work, passphrase, cheap));
    // The laptop wrote last, so its record wins in the circle, without the phone's epoch.
    await person.tell(phone, laptop);
    await person.tell(laptop, phone);
    const [a, b] = [await phone.whole(), await laptop.whole()];
    expect(a.epochs.length).toBe(2);
    expect(a.passphrase).toBeDefined();
    await person.tell(phone, laptop);
    await person.tell(laptop, phone);
    expect(encode(locationSchema, await laptop.whole())).toEqual(encode(locationSchema, a));
    expect(encode(locationSchema, join(a, b))).toEqual(encode(locationSchema, join(b, a)));
    expect(encode(locationSchema, join(a, a))).toEqual(encode(locationSchema, a));
  });

  test("two devices that turn at once make two epochs, and go on with the same one", async () => {
    const { person, phone, laptop } = await withLaptop();
    await phone.act(turnArchive);
    await laptop.act(turnArchive);
    await person.tell(phone, laptop);
    await person.tell(laptop, phone);
    await phone.location();
    await laptop.location();
    await person.tell(phone, laptop);
    await person.tell(laptop, phone);
    expect((await phone.location()).epochs.length).toBe(3);
    await note(phone, "p", "p");
    await note(laptop, "l", "l");
    expect(await phone.flush()).toEqual(clean);
    expect(await laptop.flush()).toEqual(clean);
    await pullArchive(phone.work());
    expect(await archivedState(phone)).toBe(await archivedState(laptop));
  });

  test("a device that has not heard of a turn waits for the circle, and loses nothing", async () => {
    const { person, phone, laptop } = await withLaptop();
    await laptop.act(turnArchive);
    expect(await laptop.flush()).toEqual(clean);
    await note(phone, "meanwhile", "m");
    const outcome = await phone.flush();
    expect([outcome.archived, outcome.problems.map(({ code }) => code)]).toEqual([false, ["archive-turned"]]);
    await person.tell(laptop, phone);
    expect(await phone.flush()).toEqual(clean);
    await pullArchive(laptop.work());
    expect(await archivedState(phone)).toBe(await archivedState(laptop));
  });

  test("a register that a thief's device took over is left behind, and everything is archived in a new one", async () => {
    const { person, phone, laptop } = await withLaptop();
    const location = await laptop.location();
    const [current] = person.vault.heads(location.register).slice(-1);
    if (current === undefined) throw new Error("no head");
    // Before it is shut out, the phone gives the register a key of its own.
    const seed = new Uint8Array(32).fill(9);
    const stolen = signHeadPut(inForce(location).writeSeed, {
      ...current,
      seq: current.seq + 1,
      previous: headHash(current),
      nextKey: new Uint8Array(ed25519Signer(seed).publicKey),
      keeps: [],
    });
    const put = await person.vault.call("", "headPut", stolen);
    expect(put.ok).toBe(true);
    await person.retire(laptop, phone);
    await note(laptop, "after", "a");
    expect((await laptop.flush()).archived).toBe(false);
    person.now += lostAfter;
    expect((await laptop.flush()).archived).toBe(true);
    const next = await laptop.location();
    expect(equalBytes(next.register, location.register)).toBe(false);
    const restored = await restoreArchive(laptop.ports, next);
    if (!restored.ok) throw new Error(restored.error.detail);
    const blank = await person.blank("reader");
    await blank.act((work) => mergeState(work, restored.value.changes, "archive"));
    expect(await archivedState(blank)).toBe(await archivedState(laptop));
    // What the old register held is still there: the vault keeps it for its 45 days.
    expect(person.vault.heads(location.register).length).toBe(current.seq + 1);
  });
});

describe("a passphrase", () => {
  test("under 12 characters is refused", async () => {
    const phone = await (await makePerson()).device("phone");
    const outcome = await phone.act((work) => addPassphraseOpener(work, "elevenchars", cheap));
    expect(outcome.ok ? "taken" : outcome.error.code).toBe("weak-secret");
  });

  test("opens the archive without any device; a wrong one does not", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    await phone.flush();
    expect((await phone.act((work) => addPassphraseOpener(work, passphrase, cheap))).ok).toBe(true);
    await note(phone, "kept", "k");
    expect(await phone.flush()).toEqual(clean);
    expect((await backupStatus(phone.work())).openers).toEqual([
      { kind: "device", name: "phone" },
      { kind: "passphrase", name: "passphrase" },
    ]);
    const [ticket] = await passphraseTickets(phone.work());
    if (ticket === undefined) throw new Error("no ticket");
    const progress: number[] = [];
    const restored = await restoreWithPassphrase(phone.ports, ticket, passphrase, { onProgress: (part) => progress.push(part) });
    if (!restored.ok) throw new Error(restored.error.detail);
    expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
    const blank = await person.blank("reader");
    await blank.act((work) => mergeState(work, restored.value.changes, "archive"));
    expect(await archivedState(blank)).toBe(await archivedState(phone));
    const wrong = await restoreWithPassphrase(phone.ports, ticket, "a long walk by the lake");
    expect(wrong.ok ? "opened" : wrong.error.code).toBe("wrong-secret");
  });

  test("that was replaced opens nothing that comes after", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    await phone.act((work) => addPassphraseOpener(work, passphrase, cheap));
    await phone.flush();
    const old = (await phone.location()).passphrase;
    const [ticket] = await passphraseTickets(phone.work());
    await phone.act((work) => addPassphraseOpener(work, "another walk by the sea", cheap));
    await note(phone, "later", "l");
    expect(await phone.flush()).toEqual(clean);
    if (old === undefined || ticket === undefined) throw new Error("no passphrase");
    const opened = await openPassphraseIdentity(old.sealedIdentity, passphrase);
    expect(opened.ok).toBe(true);
    const restored = await restoreWithPassphrase(phone.ports, ticket, passphrase, { cut: { kind: "newest" } });
    expect(restored.ok ? "opened" : restored.error.code).toBe("wrong-secret");
  });
});

describe("what a device in other hands dated years ahead", () => {
  const years = 40 * 365 * 24 * 3600 * 1000;

  test("does not outlast what is done next: a passphrase, a register, a vault that was given up", async () => {
    const { person, phone, laptop } = await withLaptop();
    const whole = await phone.whole();
    const far = person.now + years;
    const { recipient } = await makeOpenerKeyPair();
    const evil = { recipient, sealedIdentity: new Uint8Array(300), since: far, veil: new Uint8Array(32) };
    const register = new Uint8Array(16).fill(6);
    const places = whole.places.map((place) => ({ ...place, register, begun: far }));
    await phone.act((work) => keepLocation(work, { ...whole, passphrase: evil, places }));
    await person.tell(phone, laptop);
    expect((await laptop.location()).passphrase?.since).toBe(far);
    // The register is the thief's: it answers to a key that nobody else has.
    const seed = new Uint8Array(32).fill(8);
    const writeKey = new Uint8Array(ed25519Signer(seed).publicKey);
    const taken = { register, seq: 1, previous: noHead, body: new Uint8Array(50), writeKey, keeps: [] };
    expect((await person.vault.call("", "headPut", signHeadPut(seed, taken))).ok).toBe(true);
    await person.retire(laptop, phone);
    expect((await laptop.act((work) => addPassphraseOpener(work, passphrase, cheap))).ok).toBe(true);
    expect((await laptop.flush()).archived).toBe(false);
    person.now += lostAfter;
    expect((await laptop.flush()).archived).toBe(true);
    const next = await laptop.location();
    expect([toHex(next.register) === toHex(register), next.begun > far, next.passphrase?.recipient === recipient]).toEqual([
      false,
      true,
      false,
    ]);
    // An old copy of the thief's record changes nothing any more.
    const stale = await phone.whole();
    expect(join(await laptop.whole(), stale).passphrase?.recipient).toBe(next.passphrase?.recipient);
    expect(join(await laptop.whole(), stale).places.map((place) => toHex(place.register))).toEqual([toHex(next.register)]);
  });

  test("beyond what any clock says is not believed", async () => {
    const { person, phone, laptop } = await withLaptop();
    const whole = await phone.whole();
    const before = await laptop.whole();
    const never = Number.MAX_SAFE_INTEGER;
    for (const wrong of [
      { ...whole, places: whole.places.map((place) => ({ ...place, begun: never })) },
      { ...whole, places: whole.places.map((place) => ({ ...place, until: never })) },
      { ...whole, trustees: [{ id: new Uint8Array(32), planVersion: 1, since: never }] },
    ]) {
      await phone.act((work) => setRecord(work, "arch/location", locationSchema, wrong));
      await person.tell(phone, laptop);
      expect(await laptop.whole()).toEqual(before);
    }
  });
});
