/** `meet --wait` and `devices add`, as real processes: other commands go on beside them, and a code that was left is told as such. */
import { join } from "node:path";
import { askPhoton, startPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodies, did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

describe("beside a command that stays", () => {
  test("meet --wait: the profile is used as ever; it ends when somebody has accepted", async () => {
    const meeting = startPhoton(scene.ana, ["meet", "--petname", "Chi", "--wait", "--json", "--no-input"]);
    const { link } = await meeting.nextObject();
    await did(scene.ana, "send", "Ben", "while I wait for Chi");
    expect(await bodies(scene.ana, "Ben")).toContain("while I wait for Chi");
    await did(join(scene.folder, "chi"), "accept", String(link), "--petname", "Ana");
    expect(await meeting.nextObject()).toMatchObject({ accepted: { petname: "Chi", state: "confirm" } });
    expect((await meeting.ended).code).toBe(0);
  });

  test("devices add: the profile is used as ever; the new device has what was said meanwhile, under the name it got", async () => {
    const adding = startPhoton(scene.ana, ["devices", "add", "--json", "--no-input"]);
    const { code } = await adding.nextObject();
    await did(scene.ana, "send", "Ben", "while I wait for the laptop");
    const second = join(scene.folder, "second phone");
    expect(await did(second, "init", "--join", String(code), "--device", "phone")).toMatchObject({ device: "phone 2" });
    expect(await adding.nextObject()).toMatchObject({ joined: "phone 2" });
    expect((await adding.ended).code).toBe(0);
    expect(await bodies(second, "Ben")).toContain("while I wait for the laptop");
  });

  test("devices add, interrupted before the code was typed: whoever types it then is told at once", async () => {
    const adding = startPhoton(scene.ana, ["devices", "add", "--json", "--no-input"]);
    const { code } = await adding.nextObject();
    adding.signal("SIGINT");
    expect((await adding.ended).code).toBe(130);
    const late = await askPhoton(join(scene.folder, "late"), "init", "--join", String(code));
    expect(told(late, 1)).toMatchObject({ code: "code-expired", remedy: expect.stringContaining("photon devices add") as string });
  });
});
