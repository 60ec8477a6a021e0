import { closeSync, openSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "../src/program.ts";
import { pages } from "../src/manual/tree.ts";
import { fakePhoton, scriptedAsk } from "./support/fake-world.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "photon-secret-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The passphrase that reached the engine. */
async function secretOf(env: Record<string, string>, ask?: ReturnType<typeof scriptedAsk>) {
  const { photon, state } = fakePhoton({}, ask === undefined ? { env } : { env, ask, terminal: true });
  const done = await photon("backup", "passphrase", "--json");
  const call = state.calls.find((one) => one.startsWith("addPassphraseOpener"));
  return { done, secret: call?.slice("addPassphraseOpener ".length) };
}

describe("a secret comes from where nobody else can read it", () => {
  test("a file; its last newline is not part of it, and spaces are", async () => {
    const file = join(folder, "secret");
    await writeFile(file, " four words and more \r\n", { mode: 0o600 });
    expect((await secretOf({ PHOTON_SECRET_FILE: file })).secret).toBe(" four words and more ");
  });

  test("a file that others can read is used, with a warning", async () => {
    const file = join(folder, "open");
    await writeFile(file, "four words and more");
    await chmod(file, 0o644);
    const { photon } = fakePhoton({}, { env: { PHOTON_SECRET_FILE: file } });
    expect((await photon("backup", "passphrase")).err).toContain("Others on this machine may read");
  });

  test("a command, whose words are not repeated when it fails", async () => {
    expect((await secretOf({ PHOTON_SECRET_COMMAND: "printf 'four words and more\\n'" })).secret).toBe("four words and more");
    const { done } = await secretOf({ PHOTON_SECRET_COMMAND: "echo hunter2; exit 3" });
    expect(done.code).toBe(2);
    expect(done.out).toContain("failed with 3");
    expect(done.out + done.err).not.toContain("hunter2");
  });

  test("a file descriptor", async () => {
    const file = join(folder, "descriptor");
    await writeFile(file, "four words and more\n");
    const descriptor = openSync(file, "r");
    expect((await secretOf({ PHOTON_SECRET_FD: String(descriptor) })).secret).toBe("four words and more");
    expect(() => closeSync(descriptor)).toThrow();
  });

  test("a question, asked twice for a new one", async () => {
    expect((await secretOf({}, scriptedAsk("four words and more", "four words and more"))).secret).toBe("four words and more");
    const { done } = await secretOf({}, scriptedAsk("four words and more", "four words"));
    expect(done.json).toMatchObject({ error: { code: "secret-mismatch" } });
  });

  test.each([
    ["missing file", { PHOTON_SECRET_FILE: "/nowhere/at/all" }, "ENOENT"],
    ["two sources", { PHOTON_SECRET_FILE: "/x", PHOTON_SECRET_FD: "9" }, "both set"],
    ["not a number", { PHOTON_SECRET_FD: "nine" }, "not a number"],
    ["closed descriptor", { PHOTON_SECRET_FD: "987" }, "EBADF"],
    ["empty", { PHOTON_SECRET_COMMAND: "true" }, "empty"],
    ["two lines", { PHOTON_SECRET_COMMAND: "printf 'a\\nb\\n'" }, "more than one line"],
    ["not text", { PHOTON_SECRET_COMMAND: "printf '\\377'" }, "not text"],
    ["too long", { PHOTON_SECRET_COMMAND: "head -c 4097 /dev/zero | tr '\\0' a" }, "longer than"],
  ])("%s is refused with the reason", async (_, env, reason) => {
    const { done, secret } = await secretOf(env);
    expect(done.code).toBe(2);
    expect(done.json).toMatchObject({ error: { code: "secret-unreadable", detail: expect.stringContaining(reason) as string } });
    expect(secret).toBeUndefined();
  });

  test("without any, it says what to set", async () => {
    const { done } = await secretOf({});
    expect(done.json).toMatchObject({
      error: { code: "secret-needed", remedy: expect.stringContaining("PHOTON_SECRET_FILE") as string },
    });
  });

  test("a wrong passphrase is told apart, and a weak one refused", async () => {
    expect((await secretOf({ PHOTON_SECRET_COMMAND: "echo short" })).done.json).toMatchObject({ error: { code: "weak-secret" } });
  });

  test("no command takes a secret as an argument or an option", () => {
    const program = buildProgram(async () => undefined);
    for (const page of pages(program)) {
      for (const { term } of [...page.arguments, ...page.options]) expect(term).not.toMatch(/pass|secret|pin\b/iu);
    }
  });
});
