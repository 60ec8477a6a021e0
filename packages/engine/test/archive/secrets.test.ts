import { describe, expect, test } from "vitest";
import { bytes, type Bytes, decode, decodeCbor, expectOk, struct, toHex, uint, utf8 } from "@photon/protocol/codec";
import { found } from "../../src/conversation/founding.ts";
import { introduceIfJoined } from "../../src/conversation/post.ts";
import { invite } from "../../src/meeting/invite.ts";
import { loadCircle } from "../../src/relationship/relationship.ts";
import { makeOpenerKeyPair } from "@photon/protocol/archive";
import { memoryVault } from "@photon/testkit/memory-vault";
import { setAuthorityOpener } from "../../src/archive/authority.ts";
import { formerPlaces, leaveBehind } from "../../src/archive/former.ts";
import { locatedIn } from "../../src/archive/location.ts";
import { setTrusteeOpener } from "../../src/archive/openers.ts";
import { restoreArchive } from "../../src/archive/restore.ts";
import { addPassphraseOpener } from "../../src/archive/status.ts";
import { addVault } from "../../src/archive/vaults.ts";
import { offerSpares } from "../../src/circle/devices.ts";
import { setState } from "../../src/circle/state.ts";
import { makePerson, note, type TestDevice } from "./people.ts";

const pairSchema = struct({ public: [1, bytes({ max: 16384 })], secret: [2, bytes({ max: 16384 })] });
const leafSchema = struct({ id: [1, bytes(32)], seed: [2, bytes(32)], lastResort: [3, pairSchema] });
const freshSchema = struct({ pair: [1, pairSchema], generation: [2, bytes(32)], number: [3, uint()], leaf: [4, bytes(32)] });

const windowLength = 16;

/** All runs of 16 bytes, but those that say nothing (padding, counters). */
function* windows(of: Uint8Array): Generator<string> {
  for (let at = 0; at + windowLength <= of.length; at++) {
    const window = of.subarray(at, at + windowLength);
    if (new Set(window).size > windowLength / 2) yield toHex(window);
  }
}

interface Secret {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** What of it everybody may know. */
  readonly public: Uint8Array;
}
const none = new Uint8Array(0);

/** Every secret that is in a device's store and is its own. */
async function secretsOf(device: TestDevice): Promise<readonly Secret[]> {
  const found: Secret[] = [];
  for (const { key, value } of await device.store.list("secret")) {
    if (key.startsWith("leaf/")) {
      const leaf = expectOk(decode(leafSchema, value, 65_536));
      found.push({ what: key, bytes: leaf.seed, public: none });
      found.push({ what: `${key} package`, bytes: leaf.lastResort.secret, public: leaf.lastResort.public });
    } else if (key.startsWith("kp/")) {
      const { pair } = expectOk(decode(freshSchema, value, 65_536));
      found.push({ what: key, bytes: pair.secret, public: pair.public });
    } else found.push({ what: key, bytes: value, public: none });
  }
  // Of a generation: the ratchets' secrets, the signing seed, the sender data secret (see session/state.ts).
  for (const [part, fields] of [
    ["moving", [4]],
    ["fixed", [9, 10]],
  ] as const) {
    for (const { key, value } of await device.store.list("generation", { prefix: `${part}/` })) {
      const map = expectOk(decodeCbor(value, 4096));
      for (const field of fields) {
        const secret: unknown = map instanceof Map ? map.get(field) : undefined;
        if (!(secret instanceof Uint8Array)) throw new Error(`${part} has no field ${field}`);
        found.push({ what: key, bytes: secret, public: none });
      }
    }
  }
  for (const secret of device.deviceSecrets) found.push({ what: "device/key", bytes: secret, public: none });
  return found;
}

function leaks(archive: readonly Uint8Array[], secrets: readonly Secret[]): readonly string[] {
  const there = new Set<string>();
  for (const value of archive) for (const window of windows(value)) there.add(window);
  return secrets
    .filter((secret) => {
      const open = new Set(windows(secret.public));
      return [...windows(secret.bytes)].some((window) => there.has(window) && !open.has(window));
    })
    .map(({ what }) => what);
}

describe("an opened archive", () => {
  test("holds no device key, leaf key, MLS state, spare leaf or key of its own", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const laptop = await person.blank("laptop");
    await person.admit(phone, laptop);
    await phone.act(async (work) => {
      await found(work, await loadCircle(work));
      await introduceIfJoined(work, await loadCircle(work));
      expect((await invite(work, "https://relay.example", "Ben")).ok).toBe(true);
      await offerSpares(work, "0011223344556677", 2);
    });
    await note(phone, "words", "said");
    const trustees = await makeOpenerKeyPair();
    await phone.act((work) => setTrusteeOpener(work, trustees.recipient, 1));
    await phone.act((work) => setAuthorityOpener(work, { kind: "escrow", name: "realms" }, trustees.recipient));
    await phone.act((work) => addPassphraseOpener(work, "a long walk by the sea", 4));
    person.elsewhere.set("https://second.example", memoryVault());
    expect((await phone.act((work) => addVault(work, "https://second.example"))).ok).toBe(true);
    await phone.act(async (work) => leaveBehind(work, await phone.location(), new Map([[1, work.random(32)]])));
    expect((await phone.flush()).archived).toBe(true);

    const location = await phone.location();
    const restored = await restoreArchive(phone.ports, location);
    if (!restored.ok) throw new Error(restored.error.detail);
    const values = restored.value.changes.flatMap(({ value }) => (value === undefined ? [] : [value]));
    expect(values.length).toBeGreaterThan(10);
    const secrets = await secretsOf(phone);
    const kinds = new Set(secrets.map(({ what }) => what.split("/")[0]));
    expect([...kinds].toSorted((a = "", b = "") => (a < b ? -1 : 1))).toEqual(["device", "fixed", "kp", "leaf", "moving"]);
    expect(leaks(values, secrets)).toEqual([]);

    const whole = await phone.whole();
    const epochs = [whole, ...locatedIn(whole)].flatMap((one) => [...one.epochs, ...(one.authority?.epochs ?? [])]);
    expect(epochs.length).toBe(6);
    const former = (await formerPlaces(phone.work())).flatMap((one) => [...one.keys.values()]);
    const keys: Secret[] = [
      ...epochs.flatMap(({ key, writeSeed }) => [
        { what: "epoch key", bytes: key, public: none },
        { what: "write seed", bytes: writeSeed, public: none },
      ]),
      ...former.map((key) => ({ what: "key of a register left behind", bytes: key, public: none })),
      { what: "veil", bytes: whole.passphrase?.veil ?? none, public: none },
      { what: "opener's private half", bytes: utf8(trustees.identity.slice(19)), public: none },
    ];
    expect([former.length, whole.passphrase?.veil.length]).toEqual([1, 32]);
    expect(leaks(values, keys)).toEqual([]);
    expect(restored.value.changes.filter(({ key }) => /^(arch|spare|seen|trust|board)\//u.test(key))).toEqual([]);
    expect(values.some((value) => new TextDecoder("latin1").decode(value).includes("AGE-SECRET-KEY"))).toBe(false);
  });

  test("the search above finds a leaf key that was put there", async () => {
    const person = await makePerson();
    const phone = await person.device("phone");
    const [first] = (await secretsOf(phone)).filter(({ what }) => what.startsWith("leaf/"));
    if (first === undefined) throw new Error("no leaf");
    await phone.act((work) => setState(work, "notes/leak", new Uint8Array(first.bytes)));
    await phone.flush();
    const restored = await restoreArchive(phone.ports, await phone.location());
    const values: Bytes[] = restored.ok ? restored.value.changes.flatMap(({ value }) => value ?? []) : [];
    expect(leaks(values, [first])).toEqual([first.what]);
  });
});
