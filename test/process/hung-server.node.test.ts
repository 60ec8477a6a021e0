/** A server that takes connections and never answers: what a stopped process, or a network that swallows packets, looks like. */
import { runPhoton, startPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodies, did, playScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

const neverAnswers = (): void => undefined;

/** With the wait for the lock that everybody has. */
async function timed(home: string, ...words: readonly string[]) {
  const began = performance.now();
  const { code, stdout } = await runPhoton(home, [...words, "--no-input", "--json"]);
  return { code, seconds: (performance.now() - began) / 1000, object: JSON.parse(stdout) as Record<string, unknown> };
}

describe("a server that never answers", () => {
  test("a running watch beside it makes no other command fail, and none takes long; nothing is lost", async () => {
    scene.proxy.instead = neverAnswers;
    const watching = startPhoton(scene.ana, ["watch", "--json", "--no-input"]);
    expect(await watching.nextObject()).toMatchObject({ event: "watching" });
    for (const words of [["contacts"], ["send", "Ben", "into the silence"], ["read", "Ben"], ["devices"]]) {
      const { code, seconds, object } = await timed(scene.ana, ...words);
      expect(code, JSON.stringify(object)).toBe(3);
      expect(object["problems"]).toContainEqual(expect.objectContaining({ code: "relay-unreachable" }));
      expect(seconds, words.join(" ")).toBeLessThan(15);
    }
    expect((await timed(scene.ana, "read", "Ben", "--offline")).code).toBe(0);
    scene.proxy.instead = undefined;
    await did(scene.ana, "sync");
    watching.signal("SIGINT");
    expect((await watching.ended).code).toBe(130);
    expect(await bodies(scene.ben, "Ana")).toEqual(["before the trouble", "into the silence"]);
  });

  test("three commands at once wait for each other and end", async () => {
    scene.proxy.instead = neverAnswers;
    const answers = await Promise.all(["one", "two", "three"].map((text) => timed(scene.ana, "send", "Ben", text)));
    scene.proxy.instead = undefined;
    expect(answers.map(({ code }) => code)).toEqual([3, 3, 3]);
    await did(scene.ana, "sync");
    expect((await bodies(scene.ben, "Ana")).slice(-3).toSorted()).toEqual(["one", "three", "two"]);
  });
});
