/** A thief holds Ana's unlocked phone and retires her laptop with it: what she can do about it with the laptop alone. */
import { join } from "node:path";
import { askPhoton, startPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
let laptop: string;
beforeAll(async () => {
  scene = await playScene();
  laptop = join(scene.folder, "laptop");
  const adding = startPhoton(scene.ana, ["devices", "add", "--json", "--no-input"]);
  const { code } = await adding.nextObject();
  await did(laptop, "init", "--join", String(code), "--device", "laptop");
  expect((await adding.ended).code).toBe(0);
});
afterAll(() => scene.close());

describe("a device that a thief has retired", () => {
  test("is told how to object, still lists the devices, and objects", async () => {
    await did(scene.ana, "devices", "retire", "laptop", "--reason", "lost");
    const error = told(await askPhoton(laptop, "send", "Ben", "it was not me"), 1);
    expect(error).toMatchObject({
      code: "device-retired",
      remedy: expect.stringContaining("photon devices retire NAME") as string,
    });
    expect((await did(laptop, "devices"))["devices"]).toMatchObject([
      { name: "phone", state: "live", thisOne: false },
      { name: "laptop", state: "retired", thisOne: true },
    ]);
    const objected = await askPhoton(laptop, "devices", "retire", "phone", "--reason", "taken");
    expect([0, 3]).toContain(objected.code);
    expect(objected.object).toMatchObject({ retired: "phone" });
    expect((await askPhoton(laptop, "devices")).object["devices"]).toMatchObject([
      { name: "phone", state: "retired" },
      { name: "laptop", state: "live" },
    ]);
    const { contacts } = (await askPhoton(scene.ben, "contacts")).object;
    expect(contacts).toMatchObject([{ petname: "Ana", state: "frozen" }]);
  });

  test("its backup, of which the phone changed the keys, is told in its own words", async () => {
    const { code, object } = await askPhoton(laptop, "sync");
    expect(code).toBe(3);
    expect(object["problems"]).toContainEqual(
      expect.objectContaining({
        code: "archive-turned",
        remedy: expect.stringMatching(/after a day .* a backup of its own/u) as string,
      }),
    );
  });
});
