import { describe, expect, test } from "vitest";
import { acquireProfileLock } from "@photon/engine/adapters/web";

let names = 0;
const freshName = (): string => `lock-${Date.now()}-${(names += 1)}`;

describe("the profile lock of a browser", () => {
  test("one at a time: the second is told after its wait, and let in after the release", async () => {
    const name = freshName();
    const first = await acquireProfileLock(name);
    expect(first).toBeDefined();
    expect(await acquireProfileLock(name, { waitMs: 50 })).toBeUndefined();
    const waiting = acquireProfileLock(name);
    first?.release();
    const second = await waiting;
    expect(second).toBeDefined();
    expect(await acquireProfileLock(name, { waitMs: 0 })).toBeUndefined();
    second?.release();
    expect(await acquireProfileLock(name)).toBeDefined();
  });

  test("two profiles do not wait for one another", async () => {
    expect(await acquireProfileLock(freshName())).toBeDefined();
    expect(await acquireProfileLock(freshName())).toBeDefined();
  });

  test("one that takes it in bursts starves nobody", async () => {
    const name = freshName();
    let bursts = 0;
    let stop = false;
    const watch = (async () => {
      while (!stop) {
        const held = await acquireProfileLock(name);
        bursts += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        held?.release();
      }
    })();
    for (let command = 0; command < 20; command++) {
      const held = await acquireProfileLock(name);
      expect(held).toBeDefined();
      held?.release();
    }
    stop = true;
    await watch;
    expect(bursts).toBeGreaterThan(0);
  });
});
