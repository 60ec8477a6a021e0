/** A clock that is ten years off, as real commands tell it: by what the server says. */
import { askPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { did, playScene, type Scene, told } from "./scene.ts";

const tenYears = 3653 * 24 * 3_600_000;

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

describe("clock ten years off", () => {
  test("ahead or behind: meet says so and what to do, makes nothing, and works once it is right", async () => {
    for (const off of [-tenYears, tenYears]) {
      scene.proxy.clockOff = off;
      const error = told(await askPhoton(scene.ana, "meet", "--petname", "Chi"), 1);
      expect(error).toMatchObject({ code: "clock-wrong", remedy: expect.stringContaining("Set the date and time") as string });
      scene.proxy.clockOff = 0;
    }
    expect((await did(scene.ana, "contacts"))["contacts"]).toMatchObject([{ petname: "Ben" }]);
    await did(scene.ana, "meet", "--petname", "Chi");
  });
});
