/** Real engines around a real server: what is restored is what was there, and what leaves comes back. */
import { describe, expect, test } from "vitest";
import { makeWorld, must } from "@photon/testkit";
import { type Change, changeSchema, mergeChanges, sealWithPassphrase, sortChanges } from "@photon/protocol/archive";
import { encode, toHex } from "@photon/protocol/codec";
import { exportPlain } from "../../src/archive/export.ts";
import { placesOf } from "../../src/archive/location-record.ts";
import { loadLocation } from "../../src/archive/location.ts";
import { adoptRestored } from "../../src/archive/adopt.ts";
import { restoreArchive } from "../../src/archive/restore.ts";
import { archivable } from "../../src/circle/state.ts";
import { mergeState } from "../../src/circle/merge.ts";
import { memoryStore } from "@photon/engine/adapters/memory";
import { selfOf } from "../../src/profile/profile.ts";
import { Work } from "../../src/storage/core.ts";
import type { Device } from "@photon/testkit";

const passphrase = "a long walk by the sea";

/** The canonical list of everything that belongs in the archive. */
const canonical = async (work: Work): Promise<string> => canonicalOf(await archivable(work));
const canonicalOf = (changes: readonly Change[]): string =>
  sortChanges(changes)
    .map((change) => toHex(encode(changeSchema, change)))
    .join("\n");

const textOf = (plain: Uint8Array): string => new TextDecoder().decode(plain);

function workOf(device: Device, store = device.store): Work {
  return new Work(
    { ...device.ports, store },
    selfOf({ format: 1, device: new Uint8Array(8), name: device.name, relay: "", vault: "", created: 0 }),
    new Map(),
  );
}

describe("a person with a history", () => {
  test("restore then export gives the same canonical bytes; so does export, import, export", async () => {
    const world = await makeWorld();
    try {
      const ana = await world.person("phone");
      const ben = await world.person("laptop");
      await world.befriend(ana, "Ben", ben, "Ana");
      must(await ana.engine.verify("Ben", "in-person"));
      must(await ana.engine.send("Ben", "hello"));
      await world.settle(ana, ben);
      must(await ben.engine.send("Ana", "hello yourself"));
      await world.settle(ana, ben);
      // What an export tells is what the disk holds.
      await ana.restart();
      const work = workOf(ana);
      const before = await exportPlain(work, "relationships");
      expect(new TextDecoder().decode(before)).toContain("hello yourself");

      const location = await loadLocation(work);
      const [place] = location === undefined ? [] : placesOf(location);
      if (place === undefined) throw new Error("no archive");
      const restored = must(await restoreArchive(ana.ports, place));
      expect(restored.problems).toEqual([]);
      const blank = workOf(ana, memoryStore());
      await mergeState(blank, restored.changes, "archive");
      adoptRestored(blank, restored);
      expect(textOf(await exportPlain(blank, "relationships"))).toBe(textOf(before));
      // And the list of changes itself, byte for byte: what an archive written from the restored state would hold.
      expect(await canonical(blank)).toBe(await canonical(work));
      const archived = [...mergeChanges(new Map(), restored.changes).values()];
      expect(canonicalOf(archived)).toBe(await canonical(work));

      const file = await sealWithPassphrase(before, passphrase, 4);
      const fresh = await world.person("new");
      expect(must(await fresh.engine.importFrom(file, passphrase))).toMatchObject({ contacts: 1, messages: 2, skipped: 0 });
      expect(textOf(await exportPlain(workOf(fresh), "relationships"))).toBe(textOf(before));
      expect(must(await fresh.engine.contacts())).toMatchObject([{ petname: "Ben", state: "closed" }]);
      expect(must(await fresh.engine.read("Ben")).map(({ body }) => body)).toEqual(["hello", "hello yourself"]);
      const refused = await fresh.engine.send("Ben", "are you there?");
      expect(refused.ok ? "sent" : refused.error.code).toBe("relationship-closed");
      must(await fresh.engine.sync());

      // Into the profile that it came from: everything is here already, the person and both messages.
      const snapshot = await exportPlain(workOf(ana), "relationships");
      expect(must(await ana.engine.importFrom(file, passphrase))).toMatchObject({ contacts: 0, messages: 0, skipped: 3 });
      expect(await exportPlain(workOf(ana), "relationships")).toEqual(snapshot);
    } finally {
      await world.close();
    }
  }, 120_000);

  test("no queue, key or address is in an exported file", async () => {
    const world = await makeWorld();
    try {
      const ana = await world.person("phone");
      const ben = await world.person("laptop");
      await world.befriend(ana, "Ben", ben, "Ana");
      const file = await exportPlain(workOf(ana), "relationships");
      const words = new TextDecoder().decode(file);
      const parsed = JSON.parse(words) as { relationships: readonly Record<string, unknown>[] };
      expect(parsed.relationships.map((one) => Object.keys(one))).toEqual([["petname", "state", "custody", "history", "messages"]]);
      expect(words).not.toContain(world.url);
      // No run of 8 bytes of any stored secret, inbox or statement, in hex.
      for (const table of ["secret", "state", "generation"] as const) {
        for (const { value } of await ana.store.list(table)) {
          for (let at = 0; at + 8 <= value.length; at += 8) expect(words.includes(toHex(value.subarray(at, at + 8)))).toBe(false);
        }
      }
    } finally {
      await world.close();
    }
  }, 120_000);
});
