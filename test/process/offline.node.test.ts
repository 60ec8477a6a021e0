/** `--offline` uses no network: with a real server within reach, not one request goes out. */
import { askPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodies, did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
let asked = 0;
beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

/** Counts what is asked of the server meanwhile; whoever asks is told that it is away. */
async function countingRequests<T>(work: () => Promise<T>): Promise<T> {
  scene.proxy.instead = (response) => {
    asked += 1;
    response.writeHead(503).end();
  };
  const result = await work();
  scene.proxy.instead = undefined;
  return result;
}

describe("--offline", () => {
  test("a message is kept, and sent by the next sync", async () => {
    const sent = await countingRequests(() => askPhoton(scene.ana, "send", "Ben", "from the train", "--offline"));
    expect(sent).toMatchObject({ code: 0, object: { state: "queued" } });
    expect(asked).toBe(0);
    expect(await bodies(scene.ben, "Ana")).toEqual(["before the trouble"]);
    await did(scene.ana, "sync");
    expect(await bodies(scene.ben, "Ana")).toEqual(["before the trouble", "from the train"]);
  });

  test("what can be done without a server is done, and nothing is asked", async () => {
    await countingRequests(async () => {
      for (const words of [
        ["contacts"],
        ["read", "Ben"],
        ["contacts", "rename", "Ben", "Benedict"],
        ["contacts", "rename", "Benedict", "Ben"],
        ["contacts", "history", "Ben"],
        ["devices"],
        ["backup", "status"],
      ])
        await did(scene.ana, ...words, "--offline");
    });
    expect(asked).toBe(0);
  });

  test("what is nothing without a server is refused, and leaves nothing behind", async () => {
    await countingRequests(async () => {
      for (const words of [["meet", "--petname", "Chi"], ["devices", "add"], ["sync"], ["watch"], ["init"]])
        expect(told(await askPhoton(scene.ana, ...words, "--offline"), 2).code).toBe("usage");
    });
    expect(asked).toBe(0);
    expect((await did(scene.ana, "contacts", "--offline"))["contacts"]).toMatchObject([{ petname: "Ben" }]);
  });
});
