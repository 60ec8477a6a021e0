/**
 * What Photon puts under a passphrase is an ordinary `age` file: the stock command opens it. `age` asks for a passphrase
 * only on a terminal, so that it is run in one made by `script` (util-linux).
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { utf8 } from "@photon/protocol/codec";
import { contactsToVcard, makePassphraseOpener, sealWithPassphrase, wrapEpochKeys } from "@photon/protocol/archive";

const works = (command: string): boolean => {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // not installed
  }
};
const ready = works("age") && works("script");
const folder = mkdtempSync(join(tmpdir(), "photon-age-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a shell line on a terminal of its own and types the passphrase once asked. */
function onTerminal(line: string, passphrase: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("script", ["-qec", line, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    let asked = false;
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (!asked && /passphrase/iu.test(output)) {
        asked = true;
        child.stdin.write(`${passphrase}\n`);
      }
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

const name = ready
  ? "the stock age command"
  : "the stock age command: SKIPPED, since `age` and `script` are not both installed (apt-get install age)";
describe.skipIf(!ready)(name, () => {
  test("opens an exported file under its passphrase, and under no other", async () => {
    const vcard = contactsToVcard([{ petname: "Ben", note: "met in Ávila" }]);
    writeFileSync(join(folder, "contacts.age"), await sealWithPassphrase(utf8(vcard), "correct horse battery staple", 10));
    const line = `age -d -o '${folder}/contacts.vcf' '${folder}/contacts.age'`;
    const wrong = await onTerminal(line, "another one");
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toMatch(/incorrect passphrase/u);
    const right = await onTerminal(line, "correct horse battery staple");
    expect(right).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "contacts.vcf"), "utf8")).toBe(vcard);
  });

  test("opens a passphrase opener's identity, and with it the epoch keys where its version knows hybrid recipients", async () => {
    const opener = await makePassphraseOpener("a passphrase of several words", 10);
    writeFileSync(join(folder, "identity.age"), opener.sealedIdentity);
    const opened = await onTerminal(`age -d -o '${folder}/identity.txt' '${folder}/identity.age'`, "a passphrase of several words");
    expect(opened).toMatchObject({ code: 0 });
    const identity = readFileSync(join(folder, "identity.txt"), "utf8");
    expect(identity).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}\n$/u);
    writeFileSync(join(folder, "epochs.age"), await wrapEpochKeys([{ epoch: 0, key: new Uint8Array(32) }], [opener.recipient]));
    const [major = 0, minor = 0] = (
      /(\d+)\.(\d+)/u.exec(execFileSync("age", ["--version"], { encoding: "utf8" }))?.slice(1) ?? []
    ).map(Number);
    const knowsHybrid = major > 1 || (major === 1 && minor >= 3); // hybrid recipients came with age 1.3
    const decrypt = (): Buffer =>
      execFileSync("age", ["-d", "-i", join(folder, "identity.txt"), join(folder, "epochs.age")], {
        stdio: ["ignore", "pipe", "pipe"],
      });
    if (knowsHybrid) expect(decrypt().length).toBeGreaterThan(32);
    else expect(decrypt).toThrow(/unknown identity type/u);
  });
});
