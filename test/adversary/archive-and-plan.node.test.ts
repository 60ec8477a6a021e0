/**
 * Ana has a plan with three trustees. What is in an opened archive, hers or a trustee's, of the keys that the run made; and what a thief
 * with her unlocked phone, her only device, can take from her by way of the archive. Against a real server.
 */
import { type Bytes, decode, decodeCbor, expectOk, toHex } from "@photon/protocol/codec";
import { makeOpenerKeyPair } from "@photon/protocol/archive";
import { combineOpener, parseVerification, type TrusteePacket } from "@photon/protocol/trustees";
import { day, type Device, hour, makeWorld, must, type World } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { placesOf } from "../../packages/engine/src/archive/location-record.ts";
import { loadLocation, locatedIn } from "../../packages/engine/src/archive/location.ts";
import { setTrusteeOpener } from "../../packages/engine/src/archive/openers.ts";
import { restoreArchive } from "../../packages/engine/src/archive/restore.ts";
import { flushArchive } from "../../packages/engine/src/archive/upload.ts";
import { archivable, listState } from "../../packages/engine/src/circle/state.ts";
import { flagSchema, keys, petnameSchema, setRecord } from "../../packages/engine/src/relationship/records.ts";
import { relationshipIds } from "../../packages/engine/src/relationship/relationship.ts";
import { forge, type Thief } from "../../packages/engine/test/archive/thief.ts";
import { openPhone, type OpenPhone } from "./open-phone.ts";
import { packetsOf } from "./packets.ts";

interface Scene {
  readonly world: World;
  readonly ana: Device;
  readonly trustees: readonly [Device, Device, Device];
}
const names = ["Ben", "Chi", "Dee"] as const;
const passphrase = "a long walk by the sea";

async function planned(): Promise<Scene> {
  const world = await makeWorld();
  const ana = await world.person("phone");
  const trustees = [await world.person("Ben's"), await world.person("Chi's"), await world.person("Dee's")] as const;
  for (const [index, name] of names.entries()) {
    const trustee = trustees[index];
    if (trustee === undefined) throw new Error("no trustee");
    await world.befriend(ana, name, trustee, "Ana");
    must(await ana.engine.send(name, `Hello ${name}`));
  }
  must(await ana.engine.addPassphraseOpener(passphrase));
  await world.settle(ana, ...trustees);
  must(await ana.engine.planTrustees({ trustees: names, threshold: 2 }));
  await world.settle(ana, ...trustees);
  for (const trustee of trustees) must(await trustee.engine.answerTrustee("Ana", true));
  await world.settle(ana, ...trustees);
  await world.settle(ana, ...trustees);
  world.advance(15 * day);
  await world.settle(ana, ...trustees);
  expect(must(await ana.engine.planStatus())).toMatchObject({ protected: true, inForce: 3 });
  return { world, ana, trustees };
}

describe("an opened archive", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await planned();
  }, 240_000);
  afterAll(() => scene.world.close());

  test("holds no private key of the run: no leaf, package or ratchet, no share, no key of its own or of an opener's", async () => {
    const everybody = [scene.ana, ...scene.trustees];
    const opened: Bytes[] = [];
    const secrets: Secret[] = [];
    for (const device of everybody) {
      const phone = await openPhone(device);
      opened.push(...(await valuesIn(phone)));
      secrets.push(...(await deviceSecrets(device)), ...(await archiveSecrets(phone)));
    }
    const packets: TrusteePacket[] = [];
    for (const trustee of scene.trustees) packets.push(...(await packetsOf(trustee)));
    expect(packets).toHaveLength(3);
    for (const { shares, pseudonymSeed, jointSeed } of packets) {
      for (const [what, bytes] of Object.entries(shares))
        if (what !== "index") secrets.push({ what: `share ${what}`, bytes, open: [] });
      secrets.push({ what: "pseudonym", bytes: pseudonymSeed, open: [] }, { what: "joint pseudonym", bytes: jointSeed, open: [] });
    }
    secrets.push(...(await openerSecrets(packets)));
    expect(opened.length).toBeGreaterThan(100);
    expect(new Set(secrets.map(({ what }) => what.split(/[ /]/u)[0]))).toEqual(
      new Set(["leaf", "package", "kp", "ratchet", "signing", "epoch", "write", "veil", "share", "pseudonym", "joint", "opener"]),
    );
    expect(found(opened, secrets)).toEqual([]);
    // The search finds a secret that is there: one of a trustee's state, which is told to its circle and never archived.
    const [ben] = scene.trustees;
    const state = (await listState((await openPhone(ben)).work, "trust/")).map(({ value }) => value);
    expect(found(state, secrets).some((what) => what.startsWith("share"))).toBe(true);
  });

  test("has none of the entries that are for the circle alone", async () => {
    for (const device of [scene.ana, ...scene.trustees]) {
      const phone = await openPhone(device);
      const here = new Set((await listState(phone.work, "")).map(({ key }) => key.split("/")[0]));
      const keysThere = new Set((await changesIn(phone)).map(({ key }) => key.split("/")[0]));
      expect(here.has("arch")).toBe(true);
      for (const alone of ["arch", "spare", "seen", "trust", "board"]) expect(keysThere.has(alone)).toBe(false);
    }
  });
});

interface Secret {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** What of it everybody may know. */
  readonly open: readonly Uint8Array[];
}
const run = 12;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Runs of 12 bytes of a secret, one after the other and its last: whoever holds 23 bytes of it holds one of these. */
function* runsOf(text: string): Generator<string> {
  for (let at = 0; at + run <= text.length; at += run) yield text.slice(at, at + run);
  if (text.length >= run) yield text.slice(-run);
}

/** The secrets of which a part is in one of the values, but for parts that everybody may know or that say nothing. */
function found(values: readonly Uint8Array[], secrets: readonly Secret[]): readonly string[] {
  const wanted = new Map<string, string>();
  for (const { what, bytes, open } of secrets) {
    const known = open.map(latin1);
    for (const part of runsOf(latin1(bytes)))
      if (new Set(part).size > run / 2 && !known.some((text) => text.includes(part))) wanted.set(part, what);
  }
  const leaked = new Set<string>();
  for (const value of values) {
    const text = latin1(value);
    for (let at = 0; at + run <= text.length; at++) {
      const what = wanted.get(text.slice(at, at + run));
      if (what !== undefined) leaked.add(what);
    }
  }
  return [...leaked];
}

async function changesIn({ work }: OpenPhone) {
  const location = await loadLocation(work);
  const [place] = location === undefined ? [] : placesOf(location);
  if (place === undefined) throw new Error("no archive");
  const restored = await restoreArchive(work.ports, place);
  if (!restored.ok) throw new Error(restored.error.code);
  expect(restored.value.problems).toEqual([]);
  return restored.value.changes;
}
const valuesIn = async (phone: OpenPhone): Promise<readonly Bytes[]> =>
  (await changesIn(phone)).flatMap(({ value }) => (value === undefined ? [] : [value]));

/** Leaf seeds, key packages, and what moves in a generation (session/state.ts). */
async function deviceSecrets(device: Device): Promise<readonly Secret[]> {
  const secrets: Secret[] = [];
  const fields = (value: Bytes): ReadonlyMap<unknown, unknown> => {
    const map = expectOk(decodeCbor(value, 65_536));
    if (!(map instanceof Map)) throw new Error("no map");
    return map;
  };
  const bytesAt = (map: ReadonlyMap<unknown, unknown>, field: number): Uint8Array => {
    const value = map.get(field);
    if (!(value instanceof Uint8Array)) throw new Error(`no bytes at ${field}`);
    return value;
  };
  const pair = (what: string, of: unknown): Secret => {
    if (!(of instanceof Map)) throw new Error("no pair");
    return { what, bytes: bytesAt(of, 2), open: [bytesAt(of, 1)] };
  };
  for (const { key, value } of await device.store.list("secret")) {
    const map = fields(value);
    if (key.startsWith("leaf/")) secrets.push({ what: key, bytes: bytesAt(map, 2), open: [] }, pair("package", map.get(3)));
    else if (key.startsWith("kp/")) secrets.push(pair(key, map.get(1)));
  }
  for (const { value } of await device.store.list("generation", { prefix: "moving/" }))
    secrets.push({ what: "ratchet", bytes: bytesAt(fields(value), 4), open: [] });
  for (const { value } of await device.store.list("generation", { prefix: "fixed/" }))
    for (const field of [9, 10]) secrets.push({ what: "signing", bytes: bytesAt(fields(value), field), open: [] });
  return secrets;
}

async function archiveSecrets({ work }: OpenPhone): Promise<readonly Secret[]> {
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("no archive");
  const epochs = [...location.epochs, ...locatedIn(location).flatMap((one) => one.epochs)];
  return [
    ...epochs.flatMap(({ key, writeSeed }) => [
      { what: "epoch key", bytes: key, open: [] },
      { what: "write seed", bytes: writeSeed, open: [] },
    ]),
    ...(location.passphrase === undefined ? [] : [{ what: "veil", bytes: location.passphrase.veil, open: [] }]),
  ];
}

/** What the trustees together can make of their shares, as text and as bytes. */
async function openerSecrets(packets: readonly TrusteePacket[]): Promise<readonly Secret[]> {
  const [first] = packets;
  const verification = first === undefined ? undefined : parseVerification(first.verification);
  if (verification?.ok !== true) throw new Error("nothing to verify by");
  const random = (length: number): Bytes => new Uint8Array(length).map((_, at) => at + 1);
  const opener = combineOpener(
    verification.value,
    packets.map(({ shares }) => shares),
    random,
  );
  if (!opener.ok) throw new Error(opener.error.code);
  return [{ what: "opener", bytes: new TextEncoder().encode(opener.value.identity.slice("AGE-SECRET-KEY-PQ-1".length)), open: [] }];
}

describe("a thief with the unlocked phone", () => {
  let scene: Scene;
  let before: ReadonlyMap<string, string>;
  beforeAll(async () => {
    scene = await planned();
    const phone = await openPhone(scene.ana);
    before = new Map((await archivable(phone.work)).map(({ key, value }) => [key, toHex(value ?? new Uint8Array(0))]));
    // Everything that a phone can do to the archive, over three weeks.
    const { work } = phone;
    const ids = (await relationshipIds(work)).filter((id) => id !== "circle");
    for (const id of ids) {
      await setRecord(work, keys.closed(id), flagSchema, true);
      await setRecord(work, keys.petname(id), petnameSchema, "");
    }
    await setTrusteeOpener(work, (await makeOpenerKeyPair()).recipient, 2);
    await setTrusteeOpener(work, undefined, 1);
    await work.commit();
    expect((await flushArchive(work)).archived).toBe(true);
    scene.world.advance(7 * day);
    const thief = thiefOf(phone);
    await forge(thief, {});
    await forge(thief, { manifest: { relationships: 400 } });
    scene.world.advance(7 * day);
    await forge(thief, { wrapTo: [(await makeOpenerKeyPair()).recipient] });
    await forge(thief, { nextKey: new Uint8Array(32).fill(9) });
    scene.world.advance(7 * day);
  }, 240_000);
  afterAll(() => scene.world.close());

  test("publishes empty heads, removes openers, drops the trustees, closes every relationship, re-deals: Ana still recovers everything", async () => {
    const { world, trustees } = scene;
    await world.settle(...trustees);
    const newcomer = await world.recover("new phone");
    for (const trustee of trustees.slice(0, 2)) {
      must(
        await trustee.engine.approveRecovery("Ana", {
          code: newcomer.recovery.spoken,
          recognised: "voice",
          contacted: "i-reached-them",
        }),
      );
      await world.settle(...trustees);
    }
    world.advance(49 * hour);
    await world.settle(...trustees);
    const phone = await newcomer.poll();
    if ("state" in phone) throw new Error(`still ${phone.state}`);
    for (let round = 0; round < 3; round++) {
      must(await phone.engine.sync());
      await world.settle(phone, ...trustees);
    }
    const contacts = must(await phone.engine.contacts());
    expect(contacts.map(({ petname }) => petname)).toEqual([...names]);
    for (const name of names) expect(must(await phone.engine.read(name)).map(({ body }) => body)).toEqual([`Hello ${name}`]);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", relationships: 3, succeeded: 3 });
    // Every entry of before is there; what was said, signed and read by is as it was.
    const { work } = await openPhone(phone);
    const after = new Map((await archivable(work)).map(({ key, value }) => [key, toHex(value ?? new Uint8Array(0))]));
    const missing = [...before.keys()].filter((key) => !after.has(key));
    const changed = [...before.keys()].filter((key) => after.get(key) !== before.get(key)).map((key) => key.split("/")[0]);
    expect(missing).toEqual([]);
    expect(changed.filter((prefix) => prefix === "msg" || prefix === "st" || prefix === "inbox")).toEqual([]);
    const petnames = await listState(work, "rel/");
    expect(
      petnames
        .filter(({ key }) => key.endsWith("/petname"))
        .map(({ value }) => expectOk(decode(petnameSchema, value, 99)))
        .toSorted(),
    ).toEqual([...names]);
    // And it is archived again, where the thief cannot write.
    expect(must(await phone.engine.backupStatus())).toMatchObject({ pendingChanges: 0 });
  });
});

function thiefOf({ work }: OpenPhone): Thief {
  const whole = async () => {
    const location = await loadLocation(work);
    if (location === undefined) throw new Error("no archive");
    return location;
  };
  return {
    ports: work.ports,
    work: () => work,
    act: async (step) => {
      const outcome = await step(work);
      await work.commit();
      return outcome;
    },
    whole,
    location: async () => {
      const [first] = locatedIn(await whole());
      if (first === undefined) throw new Error("no vault");
      return first;
    },
  };
}
