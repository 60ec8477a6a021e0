/** The compartment `authority`: for an escrow's or shares' opener, and for nobody else that opens the archive. */
import { describe, expect, test } from "vitest";
import { type Bytes, encode, toHex, utf8 } from "@photon/protocol/codec";
import {
  decryptWithIdentity,
  makeOpenerKeyPair,
  type Manifest,
  openManifest,
  parseHead,
  unwrapEpochKeys,
} from "@photon/protocol/archive";
import { setAuthorityOpener } from "../../src/archive/authority.ts";
import { join } from "../../src/archive/location-join.ts";
import { locationSchema } from "../../src/archive/location-record.ts";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { pullArchive } from "../../src/archive/pull.ts";
import { restoreArchive, restoreWithIdentity, restoreWithPassphrase } from "../../src/archive/restore.ts";
import { addPassphraseOpener, backupStatus, passphraseTickets } from "../../src/archive/status.ts";
import { pendingChanges, setState } from "../../src/circle/state.ts";
import { archivedState, befriend, makePerson, note, type Person, type TestDevice } from "./people.ts";
import { forge } from "./thief.ts";

const clean = { archived: true, problems: [] };
const escrow = { kind: "escrow", name: "realms" } as const;
const shares = { kind: "shares", name: "safe" } as const;
const admission = (device: TestDevice, id: string, value: Bytes | string = `sealed for ${id}`): Promise<void> =>
  device.act((work) => setState(work, `auth/${id}`, typeof value === "string" ? utf8(value) : value));

async function scene() {
  const person = await makePerson();
  const phone = await person.device("phone");
  const pairs = { escrow: await makeOpenerKeyPair(), shares: await makeOpenerKeyPair(), trustees: await makeOpenerKeyPair() };
  await phone.act((work) => setTrusteeOpener(work, pairs.trustees.recipient, 1));
  await phone.act((work) => addPassphraseOpener(work, "a long walk by the sea", 4));
  await phone.act((work) => setAuthorityOpener(work, escrow, pairs.escrow.recipient));
  return { person, phone, pairs };
}
async function manifestOf(person: Person, device: TestDevice): Promise<Manifest> {
  const { register, epochs } = await device.location();
  const head = person.vault.heads(register).at(-1);
  const body = head === undefined ? undefined : parseHead(head.body);
  const key = body?.ok === true ? epochs.find(({ epoch }) => epoch === body.value.epoch)?.key : undefined;
  if (body?.ok !== true || key === undefined) throw new Error("no head");
  const manifest = openManifest(key, body.value);
  if (!manifest.ok) throw new Error(manifest.error.detail);
  return manifest.value;
}
const authKeys = (changes: readonly { readonly key: string }[]): readonly string[] =>
  [...new Set(changes.map(({ key }) => key).filter((key) => key.startsWith("auth/")))].toSorted();
const asOpened = async (device: TestDevice, identity: string): Promise<readonly string[]> => {
  const restored = await restoreWithIdentity(device.ports, await device.location(), identity);
  if (!restored.ok) throw new Error(`${restored.error.code} ${restored.error.detail}`);
  expect(restored.value.problems).toEqual([]);
  expect(restored.value.changes.some(({ key }) => key.startsWith("rel/"))).toBe(true);
  return authKeys(restored.value.changes);
};

describe("the compartment authority", () => {
  test("does not exist where nothing is in it, or nobody is to open it", async () => {
    const { person, phone, pairs } = await scene();
    await befriend(phone, "Ben");
    expect(await phone.flush()).toEqual(clean);
    expect((await manifestOf(person, phone)).authority).toBeUndefined();
    const other = await makePerson();
    const laptop = await other.device("laptop");
    await admission(laptop, "ben");
    expect(await laptop.flush()).toEqual(clean);
    const manifest = await manifestOf(other, laptop);
    expect([manifest.authority, manifest.segments.filter(({ compartment }) => compartment !== undefined)]).toEqual([undefined, []]);
    // Such an entry is not in the other compartment instead, and does not wait for ever.
    const restored = await restoreArchive(laptop.ports, await laptop.location());
    expect(restored.ok && authKeys(restored.value.changes)).toEqual([]);
    expect(await pendingChanges(laptop.work(), "a")).toEqual([]);
    // It is archived once somebody is to open it.
    await laptop.act((work) => setAuthorityOpener(work, escrow, pairs.escrow.recipient));
    expect(await laptop.flush()).toEqual(clean);
    expect(await asOpened(laptop, pairs.escrow.identity)).toEqual(["auth/ben"]);
  });

  test("opens for an escrow and for shares; not for a device, the trustees or a passphrase, whatever they try", async () => {
    const { person, phone, pairs } = await scene();
    await befriend(phone, "Ben");
    await phone.flush();
    await phone.act((work) => setAuthorityOpener(work, shares, pairs.shares.recipient));
    await admission(phone, "ben");
    await admission(phone, "chi");
    expect(await phone.flush()).toEqual(clean);
    expect(await asOpened(phone, pairs.escrow.identity)).toEqual(["auth/ben", "auth/chi"]);
    expect(await asOpened(phone, pairs.shares.identity)).toEqual(["auth/ben", "auth/chi"]);
    expect(await asOpened(phone, pairs.trustees.identity)).toEqual([]);
    const [ticket] = await passphraseTickets(phone.work());
    if (ticket === undefined) throw new Error("no ticket");
    const byPassphrase = await restoreWithPassphrase(phone.ports, ticket, "a long walk by the sea");
    expect(byPassphrase.ok && authKeys(byPassphrase.value.changes)).toEqual([]);
    const byDevice = await restoreArchive(phone.ports, await phone.location());
    expect(byDevice.ok && authKeys(byDevice.value.changes)).toEqual([]);
    const manifest = await manifestOf(person, phone);
    expect(manifest.openers.map(({ kind, authority }) => `${kind} ${authority === true ? "both" : "one"}`).toSorted()).toEqual([
      "device one",
      "escrow both",
      "passphrase one",
      "shares both",
      "trustees one",
    ]);
    expect(manifest.authority?.changes).toBe(2);
    const wraps = person.vault.blobs.get(toHex(manifest.authority?.wraps ?? new Uint8Array(32)));
    if (wraps === undefined) throw new Error("no wrapping");
    const opens = async (identity: string): Promise<boolean> =>
      (await unwrapEpochKeys(wraps, (file) => decryptWithIdentity(file, identity))).ok;
    expect([await opens(pairs.escrow.identity), await opens(pairs.shares.identity), await opens(pairs.trustees.identity)]).toEqual([
      true,
      true,
      false,
    ]);
    expect((await unwrapEpochKeys(wraps, (file) => phone.keys.decryptAge(file))).ok).toBe(false);
    // No key of the other compartment opens a segment of this one.
    const relationships = await unwrapEpochKeys(
      person.vault.blobs.get(toHex(parsedWraps(person, (await phone.location()).register))) ?? new Uint8Array(0),
      (file) => decryptWithIdentity(file, pairs.trustees.identity),
    );
    if (!relationships.ok) throw new Error("the trustees open nothing");
    const epochs = new Set((await phone.location()).authority?.epochs.map(({ key }) => toHex(key)));
    expect([...relationships.value.values()].some((key) => epochs.has(toHex(key)))).toBe(false);
  });

  const parsedWraps = (person: Person, register: Bytes): Bytes => {
    const head = person.vault.heads(register).at(-1);
    const body = head === undefined ? undefined : parseHead(head.body);
    if (body?.ok !== true) throw new Error("no head");
    return body.value.wraps;
  };

  test("turns its keys, and the others, when one of its openers is removed; what comes after is not for that one", async () => {
    const { phone, pairs } = await scene();
    await phone.act((work) => setAuthorityOpener(work, shares, pairs.shares.recipient));
    await admission(phone, "ben");
    await befriend(phone, "Ben");
    expect(await phone.flush()).toEqual(clean);
    const before = await phone.whole();
    await phone.act((work) => setAuthorityOpener(work, shares, undefined));
    await admission(phone, "dee");
    expect(await phone.flush()).toEqual(clean);
    const after = await phone.whole();
    expect([after.epochs.length, after.authority?.epochs.length]).toEqual([
      before.epochs.length + 1,
      (before.authority?.epochs.length ?? 0) + 1,
    ]);
    expect(await asOpened(phone, pairs.escrow.identity)).toEqual(["auth/ben", "auth/dee"]);
    const gone = await restoreWithIdentity(phone.ports, await phone.location(), pairs.shares.identity, { cut: { kind: "newest" } });
    expect(gone.ok ? "opened" : gone.error.code).toBe("wrong-secret");
    // Without any opener it ends.
    await phone.act((work) => setAuthorityOpener(work, escrow, undefined));
    await note(phone, "after", "a");
    expect(await phone.flush()).toEqual(clean);
    const restored = await restoreArchive(phone.ports, await phone.location());
    expect(restored.ok && restored.value.opened.manifest.authority).toBeUndefined();
    expect(restored.ok && restored.value.opened.manifest.segments.every(({ compartment }) => compartment === undefined)).toBe(true);
  });

  test("is written and compacted by every device, each reading it by what the circle told", async () => {
    const { person, phone, pairs } = await scene();
    const laptop = await person.blank("laptop");
    await person.admit(phone, laptop);
    for (let one = 0; one < 20; one++) {
      await admission(phone, `${one}`, new Uint8Array(200).fill(one));
      expect(await phone.flush()).toEqual(clean);
    }
    await person.tell(phone, laptop);
    await pullArchive(laptop.work());
    expect(await laptop.flush()).toEqual(clean);
    for (let one = 20; one < 40; one++) {
      await admission(laptop, `${one}`, new Uint8Array(200).fill(one));
      expect(await laptop.flush()).toEqual(clean);
      if (one % 5 === 0) await pullArchive(phone.work());
    }
    await pullArchive(phone.work());
    expect(await archivedState(phone)).toBe(await archivedState(laptop));
    expect((await asOpened(laptop, pairs.escrow.identity)).length).toBe(40);
    const manifest = await manifestOf(person, laptop);
    expect(manifest.segments.filter(({ compartment }) => compartment === "authority").length).toBeLessThan(8);
    expect(manifest.authority?.changes).toBeGreaterThanOrEqual(40);
    expect((await backupStatus(laptop.work())).openers.map(({ kind }) => kind)).toContain("escrow");
  });

  test("takes no entry of the other compartment, nor the other one its entries: what a thief misplaced is left aside", async () => {
    const { phone, pairs, person } = await scene();
    await befriend(phone, "Ben");
    await admission(phone, "ben");
    await phone.flush();
    const hlc = { wall: person.now + 1000, counter: 0, node: new Uint8Array(8) };
    await forge(await person.steal(phone), { keeps: true, changes: [{ key: "auth/evil", hlc, value: utf8("x") }] });
    await pullArchive(phone.work());
    expect((await phone.work().list("state", "auth/")).map(({ key }) => key)).toEqual(["auth/ben"]);
    expect(await asOpened(phone, pairs.escrow.identity)).toEqual(["auth/ben"]);
  });

  test("joins what two devices say of its openers and keys, in any order", async () => {
    const { phone, pairs } = await scene();
    const base = await phone.whole();
    const [a, b] = [await makePerson(), await makePerson()];
    const [one, other] = [await a.device("a"), await b.device("b")];
    await one.act((work) => setAuthorityOpener(work, shares, pairs.shares.recipient));
    await other.act((work) => setAuthorityOpener(work, escrow, pairs.escrow.recipient));
    await other.act((work) => setAuthorityOpener(work, escrow, undefined));
    const [x, y] = [
      { ...base, ...pick(await one.whole()) },
      { ...base, ...pick(await other.whole()) },
    ];
    expect(encode(locationSchema, join(x, y))).toEqual(encode(locationSchema, join(y, x)));
    expect(encode(locationSchema, join(join(x, y), base))).toEqual(encode(locationSchema, join(x, join(y, base))));
    const live = join(join(x, y), base).authority?.openers.filter(({ until }) => until === undefined);
    expect(live?.map(({ kind }) => kind)).toEqual(["shares"]);
  });

  const pick = ({ authority }: Awaited<ReturnType<TestDevice["whole"]>>) => (authority === undefined ? {} : { authority });
});
