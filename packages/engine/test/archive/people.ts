/** Devices of one person over a vault in memory, without a relay: what one tells the circle is carried by hand. */
import { Work } from "../../src/storage/core.ts";
import { makeLeaf } from "../../src/relationship/leaves.ts";
import { beginPerson, type ProfileRecord, selfOf } from "../../src/profile/profile.ts";
import { circleDevices, keepDevice } from "../../src/circle/devices.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { archivable, getChange, pendingChanges, settleChanges, setState } from "../../src/circle/state.ts";
import { messageSchema } from "../../src/conversation/messages.ts";
import { keys, petnameSchema, setRecord } from "../../src/relationship/records.ts";
import { beginSide } from "../../src/relationship/side.ts";
import { noteChanged } from "../../src/conversation/receive.ts";
import { retireLeaves } from "../../src/circle/retirement.ts";
import { say } from "../../src/relationship/speaking.ts";
import { turnArchive } from "../../src/archive/turn.ts";
import { flushArchive, type Flushed } from "../../src/archive/upload.ts";
import { type Location } from "../../src/archive/location-record.ts";
import { loadLocation, type Located, locatedIn } from "../../src/archive/location.ts";
import { loadCircle } from "../../src/relationship/relationship.ts";
import type { Ports } from "../../src/api.ts";
import type { KeyStore, Transport } from "../../src/ports/index.ts";
import { memoryKeyStore, memoryStore, type MemoryStore } from "@photon/engine/adapters/memory";
import { systemRandom, webSessionCrypto } from "@photon/engine/adapters/web";
import { type Bytes, encode, hlcKey, toHex, utf8 } from "@photon/protocol/codec";
import { makeLeafId } from "@photon/protocol/statement";
import type { Change } from "@photon/protocol/archive";
import { makeSession, type Session } from "@photon/protocol/session";
import { Crash, type MemoryVault, memoryVault } from "@photon/testkit/memory-vault";

export const vaultUrl = "https://vault.example";
const relay = "https://relay.example";

/** Nobody of these tests speaks with a relay. */
const noTransport: Transport = {
  call: async () => {
    throw new Error("the archive asked a relay");
  },
  watch: () => {
    throw new Error("the archive watched a relay");
  },
};

export interface TestDevice {
  readonly name: string;
  readonly store: MemoryStore;
  /** What the device key was made of. */
  readonly deviceSecrets: readonly Bytes[];
  readonly keys: KeyStore;
  readonly ports: Ports;
  readonly record: ProfileRecord;
  /** A fresh unit; what an earlier one did not commit is gone. */
  work(): Work;
  /** Opens, acts, commits. */
  act<T>(step: (work: Work) => Promise<T>): Promise<T>;
  flush(): Promise<Flushed>;
  /** The archive at the first vault. */
  location(): Promise<Located>;
  /** As the circle's record has it. */
  whole(): Promise<Location>;
}

export interface Person {
  readonly vault: MemoryVault;
  /** Vaults at other origins. */
  readonly elsewhere: Map<string, MemoryVault>;
  now: number;
  device(name: string): Promise<TestDevice>;
  /** A device that is not part of any circle yet. */
  blank(name: string): Promise<TestDevice>;
  /** Admits `young` to the circle of `old`, as far as the archive can see. */
  admit(old: TestDevice, young: TestDevice): Promise<void>;
  /** Brings to `to` what `from` told the circle, and what it said in the circle's lineage. */
  tell(from: TestDevice, to: TestDevice): Promise<void>;
  retire(by: TestDevice, gone: TestDevice): Promise<void>;
  /** A copy of a device as it is now, unlocked: whoever holds it can do all that the device could. */
  steal(device: TestDevice): Promise<TestDevice>;
}

let session: Session | undefined;

export async function makePerson(vault = memoryVault()): Promise<Person> {
  const elsewhere = new Map<string, MemoryVault>();
  session ??= await makeSession(webSessionCrypto);
  const shared = session;
  const make = async (name: string, old?: TestDevice): Promise<TestDevice> => {
    const store = memoryStore(old?.store.snapshot());
    const deviceSecrets: Bytes[] = [];
    const keys =
      old?.keys ??
      memoryKeyStore({
        bytes: (length) => {
          const fresh = systemRandom.bytes(length);
          deviceSecrets.push(fresh);
          return fresh;
        },
      });
    await keys.open();
    const ports: Ports = {
      clock: { now: () => person.now },
      random: systemRandom,
      keys,
      store,
      transport: noTransport,
      blobs: { call: (origin, kind, value) => (elsewhere.get(origin) ?? vault).call(origin, kind, value as never) },
      session: shared,
    };
    const record = old?.record ?? { format: 1, device: systemRandom.bytes(8), name, relay, vault: vaultUrl, created: person.now };
    const work = (): Work => new Work(ports, selfOf(record), new Map());
    const act = async <T>(step: (unit: Work) => Promise<T>): Promise<T> => {
      const unit = work();
      const outcome = await step(unit);
      await unit.commit();
      return outcome;
    };
    const whole = async (): Promise<Location> => {
      const found = await act(loadLocation);
      if (found === undefined) throw new Error(`${name} has no archive`);
      return found;
    };
    const location = async (): Promise<Located> => {
      const [first] = locatedIn(await whole());
      if (first === undefined) throw new Error(`${name} has no vault`);
      return first;
    };
    return { name, store, deviceSecrets, keys, ports, record, work, act, whole, location, flush: () => flushArchive(work()) };
  };
  const person: Person = {
    vault,
    elsewhere,
    now: Date.UTC(2026, 0, 5, 9),
    blank: (name) => make(name),
    steal: (device) => make(`${device.name} in other hands`, device),
    device: async (name) => {
      const device = await make(name);
      await device.act((work) => beginPerson(work, device.record));
      return device;
    },
    admit: async (old, young) => {
      const leaf = await young.act(makeLeaf);
      const { recipient } = await young.keys.open();
      await old.act(async (work) => {
        await say(work, await loadCircle(work), "admit", { leaves: [leaf], proof: "device" });
        await keepDevice(work, selfOf(young.record).device, {
          name: young.name,
          leaf: leaf.id,
          recipient,
          added: work.now() + 1,
        });
      });
    },
    tell: async (from, to) => {
      const { said, changes } = await from.act(async (work) => {
        const told = await pendingChanges(work, "c");
        await settleChanges(work, "c", told);
        const said: Change[] = [];
        for (const { key } of await work.list("state", "st/circle/")) {
          const change = await getChange(work, key);
          if (change !== undefined) said.push(change);
        }
        const arch = await getChange(work, "arch/location");
        return { said, changes: [...told, ...(arch === undefined ? [] : [arch])] };
      });
      // Statements are not the circle's to carry: a device reads them from the inbox, or here from the archive.
      await to.act(async (work) => noteChanged(work, await mergeState(work, said, "archive")));
      await to.act(async (work) => noteChanged(work, await mergeState(work, changes, "circle")));
    },
    retire: async (by, gone) => {
      await by.act(async (work) => {
        const device = (await circleDevices(work)).find(({ name }) => name === gone.name);
        if (device === undefined) throw new Error(`no device ${gone.name}`);
        await retireLeaves(work, await loadCircle(work), [device.leaf], "lost");
        await turnArchive(work);
      });
    },
  };
  return person;
}

/** Something that belongs in the archive, under a key of its own. */
export const note = (device: TestDevice, key: string, value: string | Bytes): Promise<void> =>
  device.act((work) => setState(work, `notes/${key}`, typeof value === "string" ? utf8(value) : value));

/** A relationship that this device begins, by the name of whom it is with. @returns its id. */
export const befriend = (device: TestDevice, petname: string): Promise<string> =>
  device.act(async (work) => {
    const id = toHex(work.random(16));
    await beginSide(work, id, relay, { role: "inviter" });
    await setRecord(work, keys.petname(id), petnameSchema, petname);
    return id;
  });

/** Something said in it, as a device keeps it. */
export const said = (device: TestDevice, relationship: string, words: string): Promise<void> =>
  device.act(async (work) => {
    const [id, sent, leaf] = [work.random(16), await work.tick(), makeLeafId(work.random(32))];
    const message = { id, sent, from: "me", leaf, kind: "text", body: utf8(words), quarantined: false, received: 0 } as const;
    await setState(work, keys.message(relationship, { sent, id }, "me"), encode(messageSchema, message), sent);
  });

/** The archived part of a device's state, as text that can be compared. */
export async function archivedState(device: TestDevice): Promise<string> {
  const all = await archivable(device.work());
  return all.map(({ key, hlc, value }) => `${key} ${hlcKey(hlc)} ${value === undefined ? "gone" : toHex(value)}`).join("\n");
}

/** Runs until the process ends or the crash comes. @returns whether it crashed. */
export async function untilCrash(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}
