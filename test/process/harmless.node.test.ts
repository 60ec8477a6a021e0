/**
 * A message, a petname, a file name with control characters, right-to-left marks or 10 MB of text is shown harmlessly or
 * refused with a reason: by real commands, as a person at a terminal and as a script see them.
 */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { askPhoton, runPhoton } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodies, did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
}, 120_000);
afterAll(() => scene.close());

/** Clears the screen, hides what follows, turns the reading direction, ends the line, writes a title, is invisible. */
const evil = "a\u001B[2J\u001B]0;owned\u0007\u202Egnp.exe\u200F\u2066\r\nb\u009B31m\u200Bc\u{E0041}";
/** What a terminal acts on, or what makes text look like another. */
const harm = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E0FFF}]/u;
const tenMegabytes = "ten megabytes ".repeat(750_000);

describe("what other people chose", { timeout: 120_000 }, () => {
  test("a message arrives as it was sent for a script, and is shown harmlessly to a person", async () => {
    await did(scene.ben, "send", "Ana", evil);
    expect(await bodies(scene.ana, "Ben")).toContain(evil);
    const person = await runPhoton(scene.ana, ["read", "Ben", "--no-input"]);
    expect(person.code).toBe(0);
    expect(person.stdout).toContain("owned");
    expect(person.stdout + person.stderr).not.toMatch(harm);
  });

  test("a message of 32,000 bytes arrives; of one more, and of 10 MB, it is refused saying so, and nothing is sent", async () => {
    const longest = "€".repeat(10_666) + "ab";
    await did(scene.ben, "send", "Ana", longest);
    const before = await bodies(scene.ana, "Ben");
    expect(before).toContain(longest);
    const longer = told(await askPhoton(scene.ben, "send", "Ana", `${longest}c`), 2);
    expect(longer.code).toBe("message-too-long");
    const huge = await runPhoton(scene.ben, ["send", "Ana", "-", "--json", "--no-input"], { input: tenMegabytes });
    expect(told({ code: huge.code, object: JSON.parse(huge.stdout) as Record<string, unknown> }, 2).remedy).toContain(
      "32,000 bytes",
    );
    expect(await bodies(scene.ana, "Ben")).toEqual(before);
  });

  test("what is no text at all is refused", async () => {
    expect(told(await askPhoton(scene.ben, "send", "Ana", ""), 2).code).toBe("message-empty");
    expect(told(await askPhoton(scene.ben, "send", evil, "hello"), 2)).toMatchObject({ code: "unknown-contact" });
    const person = await runPhoton(scene.ben, ["send", evil, "hello", "--no-input"]);
    expect(person.stderr).not.toMatch(harm);
  });

  test("a petname or a device name with control characters, or too long, is refused, and the old one stays", async () => {
    for (const name of [evil, "\u202EneB", "Ben\u200B", " ", "B".repeat(65), "B".repeat(100_000)]) {
      expect(told(await askPhoton(scene.ana, "contacts", "rename", "Ben", name), 2).code).toBe("bad-petname");
    }
    expect(told(await askPhoton(join(scene.folder, "chi"), "init", "--relay", scene.url, "--device", evil), 2).code).toBe(
      "bad-device-name",
    );
    const { contacts } = await did(scene.ana, "contacts");
    expect(contacts).toMatchObject([{ petname: "Ben" }]);
  });

  test("a petname that reads from right to left is a name like any other", async () => {
    for (const name of ["בן", "بن", "Ben 👩‍👩‍👧"]) {
      await did(scene.ana, "contacts", "rename", "Ben", name);
      expect(await bodies(scene.ana, name, "--offline")).toContain("before the trouble");
      await did(scene.ana, "contacts", "rename", name, "Ben");
    }
  });

  test("a file name is shown harmlessly, whether it is written, missing, or there already", async () => {
    const secret = join(scene.folder, "secret");
    await writeFile(secret, "four words and more\n", { mode: 0o600 });
    const name = join(scene.folder, `\u001B[2J\u202Ega.\u009Bout`);
    const environment = { PHOTON_SECRET_FILE: secret };
    for (const words of [
      ["import", `${name}.missing`],
      ["export", "contacts", "--to", name],
      ["export", "contacts", "--to", name],
    ]) {
      const ran = await runPhoton(scene.ana, [...words, "--no-input"], { environment });
      expect(ran.stdout + ran.stderr).not.toMatch(harm);
      expect(ran.stderr).toContain("out");
    }
    expect(await readdir(scene.folder)).toContain(`\u001B[2J\u202Ega.\u009Bout`);
  });

  test("an invitation that is 100 KB of anything is refused with a reason", async () => {
    expect(told(await askPhoton(scene.ana, "accept", "x".repeat(100_000), "--petname", "Chi"), 2).code).toMatch(
      /^(bad-invitation|invitation-)/u,
    );
    const person = await runPhoton(scene.ana, ["accept", evil, "--petname", "Chi", "--no-input"]);
    expect(person.code).toBe(2);
    expect(person.stderr).not.toMatch(harm);
  });
});
