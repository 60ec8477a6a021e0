/**
 * The relay lies. Whatever it says, no engine fails, nothing is shown twice or as said by another, nothing that was
 * acknowledged is lost; and once the relay behaves again, everything arrives.
 */
import type { Bytes } from "@photon/protocol/codec";
import type { Batch, RelayRequestOf } from "@photon/protocol/queue";
import { day, type Device, hour, type Liar, lyingRelay, lyingVault, makeWorld, minute, must, type World } from "@photon/testkit";
import { systemRandom } from "@photon/engine/adapters/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

type Result = { readonly kind: "batch"; readonly value: Batch } | { readonly kind: "refused"; readonly value: string };
type Reads = RelayRequestOf<"read">;

let world: World;
let ana: Device;
let ben: Device;
const relay: Liar = { lie: undefined };
const vault: Liar = { lie: undefined };
const said: string[] = [];

beforeAll(async () => {
  world = await makeWorld({ wrap: (inner) => lyingRelay(inner, relay), wrapVault: (inner) => lyingVault(inner, vault) });
  [ana, ben] = [await world.person("ana"), await world.person("ben")];
  await world.befriend(ana, "Ben", ben, "Ana");
}, 60_000);
afterAll(() => world.close());

const random = (length: number): Bytes => systemRandom.bytes(length);
const garbage = (like: Uint8Array): Bytes => random(like.length);
const max = Number.MAX_SAFE_INTEGER;

/** A lie about what lies in queues. */
const reading =
  (change: (results: readonly Result[], reads: Reads) => readonly Result[]): NonNullable<Liar["lie"]> =>
  async (kind, value, honest) => {
    const answer = (await honest()) as { ok: boolean; value?: { kind: string; value: readonly Result[] } };
    if (kind !== "read" || !answer.ok || answer.value === undefined) return answer;
    return { ok: true, value: { kind: "entries", value: change(answer.value.value, value as Reads) } };
  };
const batches = (change: (batch: Batch) => Batch) =>
  reading((results) =>
    results.map((result) => (result.kind === "batch" ? { kind: "batch", value: change(result.value) } : result)),
  );
const refusing =
  (wanted: string, refusal: string): NonNullable<Liar["lie"]> =>
  async (kind, _value, honest) =>
    kind === wanted ? { ok: false, error: { code: "refused", refusal, detail: "", retryAfter: undefined } } : honest();
const answering =
  (wanted: string, value: unknown): NonNullable<Liar["lie"]> =>
  async (kind, _value, honest) =>
    kind === wanted ? { ok: true, value } : honest();

let earlier: readonly Result[] = [];
const lies: Readonly<Record<string, NonNullable<Liar["lie"]>>> = {
  "reorders entries": batches((batch) => ({ ...batch, entries: batch.entries.toReversed() })),
  "repeats entries": batches((batch) => ({ ...batch, entries: batch.entries.flatMap((entry) => [entry, entry]) })),
  "repeats entries under later numbers": batches((batch) => ({
    ...batch,
    entries: [...batch.entries, ...batch.entries.map(({ seq, body }) => ({ seq: seq + 1000, body }))],
  })),
  "withholds every second entry": batches((batch) => ({ ...batch, entries: batch.entries.filter(({ seq }) => seq % 2 === 0) })),
  "withholds everything and says that there is more": batches((batch) => ({ ...batch, entries: [], last: batch.last + 10 })),
  "gives the first entries for ever": reading((results) => (earlier.length === 0 ? (earlier = results) : earlier)),
  "truncates and forges bodies": batches((batch) => ({
    ...batch,
    entries: batch.entries.map(({ seq, body }) => ({ seq, body: seq % 2 === 0 ? garbage(body) : body.slice(0, 100) })),
  })),
  "invents entries at the end of all numbers": batches((batch) => ({
    ...batch,
    entries: [...batch.entries, { seq: max, body: random(1024) }],
    last: max,
  })),
  "says that nothing was ever there": batches((batch) => ({ ...batch, entries: [], last: 0 })),
  "says that everything is gone": batches((batch) => ({ ...batch, entries: [], gone: batch.last + 500, last: batch.last + 500 })),
  "gives the entries of other queues": reading((results) => [...results.slice(1), ...results.slice(0, 1)]),
  "answers fewer questions than were asked, or more": reading((results) =>
    results.length > 1 ? results.slice(1) : [...results, ...results],
  ),
  "says that our inboxes were moved, with garbage": batches((batch) => ({ ...batch, bundle: random(4096) })),
  "says that our inboxes were moved, with nothing new": batches((batch) => ({ ...batch, entries: [], bundle: random(1) })),
  "forbids reading": reading((results) => results.map(() => ({ kind: "refused", value: "forbidden" }))),
  "forbids appending": refusing("append", "forbidden"),
  "says moved to every append, with garbage": answering("append", { kind: "moved", value: { bundle: random(4096) } }),
  "says that it stored what it threw away": answering("append", { kind: "appended", value: { seq: 1 } }),
  "calls every append malformed": refusing("append", "malformed"),
};

/** What a device shows, with the names of those who said it. */
async function shown(device: Device): Promise<readonly string[]> {
  const [me, peer] = device === ana ? ["ana", "ben"] : ["ben", "ana"];
  const all = must(await device.engine.read(device === ana ? "Ben" : "Ana"));
  return all.map(({ from, body }) => `${from === "me" ? me : peer}: ${body}`);
}

describe("a relay that lies", () => {
  for (const [name, lie] of Object.entries(lies)) {
    test(`${name}: nothing is shown twice or under the wrong hand, and all arrives when it behaves again`, async () => {
      relay.lie = lie;
      for (const [device, who] of [
        [ben, "Ana"],
        [ana, "Ben"],
      ] as const) {
        said.push(`${device.name}: ${name}`);
        must(await device.engine.send(who, name));
      }
      for (const device of [ana, ben]) must(await device.engine.sync());
      world.advance(11 * minute);
      for (const device of [ana, ben]) must(await device.engine.sync());
      for (const device of [ana, ben]) {
        const all = await shown(device);
        expect(new Set(all).size).toBe(all.length);
        for (const line of all) expect(said).toContain(line);
      }
      relay.lie = undefined;
      // Backoffs run out; and what the relay threw away is deposited again.
      world.advance(2 * hour);
      await world.settle(ana, ben);
      if ((await shown(ana)).length < said.length || (await shown(ben)).length < said.length) {
        world.advance(21 * day);
        await world.settle(ana, ben);
      }
      for (const device of [ana, ben]) expect((await shown(device)).toSorted()).toEqual(said.toSorted());
      expect(must(await ana.engine.read("Ben")).filter(({ from, state }) => from === "me" && state !== "delivered")).toEqual([]);
      expect(must(await ana.engine.sync()).problems).toEqual([]);
      expect(must(await ana.engine.devices())).toMatchObject([{ state: "live" }]);
    });
  }
});

describe("a vault that lies", () => {
  const heads = new Map<number, unknown>();
  const swapped: Bytes[] = [];
  const remembering: NonNullable<Liar["lie"]> = async (kind, _value, honest) => {
    const answer = (await honest()) as { ok: boolean; value?: { value: { seq?: number; body?: Bytes } } };
    if (kind === "headGet" && answer.ok && answer.value?.value.seq !== undefined) heads.set(answer.value.value.seq, answer);
    if (kind === "blobGet" && answer.ok && answer.value?.value.body !== undefined) swapped.push(answer.value.value.body);
    return answer;
  };
  const bodies =
    (change: (body: Bytes) => Bytes): NonNullable<Liar["lie"]> =>
    async (kind, _value, honest) => {
      const answer = (await honest()) as { ok: boolean; value?: { kind: string; value: { body: Bytes } } };
      if (kind !== "blobGet" || !answer.ok || answer.value === undefined) return answer;
      return { ok: true, value: { kind: "blob", value: { body: change(answer.value.value.body) } } };
    };
  let laptop: Device;

  test("that rolls back is named, and nothing is lost by it", async () => {
    vault.lie = remembering;
    laptop = await world.addDevice(ana, "laptop");
    await world.settle(ana, laptop, ben);
    must(await ana.engine.rename("Ben", "Benedict"));
    await world.settle(ana, laptop, ben);
    const first = heads.get(Math.min(...heads.keys()));
    vault.lie = async (kind, _value, honest) => (kind === "headGet" ? first : honest());
    const { problems } = must(await laptop.engine.sync());
    expect(problems.map(({ code, detail }) => `${code}: ${detail}`).join()).toMatch(/archive-damaged.*went back in time/u);
    vault.lie = undefined;
    await world.settle(ana, laptop, ben);
    expect(must(await laptop.engine.sync()).problems).toEqual([]);
    expect(must(await laptop.engine.contacts())).toMatchObject([{ petname: "Benedict", state: "active" }]);
  });

  for (const [name, change] of [
    ["truncates", (body: Bytes) => body.slice(0, -1)],
    ["changes a byte of", (body: Bytes) => body.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
    ["swaps", (body: Bytes) => swapped.find((one) => one.length !== body.length) ?? random(body.length)],
  ] as const) {
    test(`that ${name} what it keeps is named, and a new device takes nothing from it`, async () => {
      must(await ana.engine.rename("Benedict", "Benedict"));
      vault.lie = bodies(change);
      must(await ana.engine.send("Benedict", `${name} the archive`));
      const sent = must(await ana.engine.sync());
      expect(sent.problems).toEqual([]);
      world.advance(minute);
      const { problems } = must(await laptop.engine.sync());
      expect(problems.map(({ code }) => code)).toContain("archive-damaged");
      await expect(world.addDevice(ana, `tablet ${name}`)).rejects.toThrow(/archive-damaged|wrong-secret/u);
      vault.lie = undefined;
      await world.settle(ana, laptop, ben);
      expect(must(await laptop.engine.sync()).problems).toEqual([]);
    });
  }
});
