/** Operations end when their time is over, whatever servers do, and say what they left undone. */
import { err } from "@photon/protocol/codec";
import type { BlobStore, CallOptions, Transport } from "@photon/engine/ports";
import { type Device, makeWorld, must, texts, type World } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drain } from "../../src/conversation/drain.ts";
import { relationshipIds } from "../../src/relationship/relationship.ts";
import { profileSchema, workOf } from "../../src/profile/profile.ts";
import { parseRow } from "../../src/storage/core.ts";

let hanging = false;
/** As long as the server hangs, only the end of the waiting ends a request. */
async function unlessHanging<T>(options: CallOptions | undefined, ask: () => Promise<T>) {
  if (!hanging) return ask();
  await new Promise<void>((resolve) => {
    if (options?.signal?.aborted === true) resolve();
    options?.signal?.addEventListener("abort", () => resolve(), { once: true });
  });
  return err({ code: "unreachable", detail: "no answer in time" } as const);
}
const wrap = (inner: Transport): Transport => ({
  ...inner,
  call: (relay, kind, value, options) => unlessHanging(options, () => inner.call(relay, kind, value, options)),
});
const wrapVault = (inner: BlobStore): BlobStore => ({
  call: (vault, kind, value, options) => unlessHanging(options, () => inner.call(vault, kind, value, options)),
});

let world: World;
let ana: Device;
let ben: Device;
beforeAll(async () => {
  world = await makeWorld({ wrap, wrapVault });
  [ana, ben] = [await world.person("phone"), await world.person("desktop")];
  await world.befriend(ana, "Ben", ben, "Ana");
});
afterAll(() => world.close());

describe("a server that never answers", () => {
  test("sending keeps the message and ends within seconds; it is delivered when the server is back", async () => {
    hanging = true;
    const began = performance.now();
    expect(must(await ana.engine.send("Ben", "into the silence"))).toMatchObject({ state: "queued" });
    expect(performance.now() - began).toBeLessThan(15_000);
    hanging = false;
    await world.settle(ana, ben);
    expect(await texts(ben, "Ana")).toEqual(["into the silence"]);
  });

  test("a pass ends when its time is over, and says what could not be reached", async () => {
    hanging = true;
    const report = must(await ana.engine.sync({ signal: AbortSignal.timeout(100) }));
    hanging = false;
    expect(report.problems.map(({ code }) => code)).toContain("relay-unreachable");
  });

  test("what there was no time to read counts as unread: a trustee gives no share before an objection could be seen", async () => {
    const row = await ana.ports.store.get("meta", "profile");
    if (row === undefined) throw new Error("no profile");
    const work = workOf(ana.ports, parseRow(profileSchema, row.value));
    const { unread } = await drain(work, AbortSignal.abort());
    expect([...unread].toSorted()).toEqual((await relationshipIds(work)).toSorted());
  });
});
