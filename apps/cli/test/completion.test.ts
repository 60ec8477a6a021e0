import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { photonError } from "@photon/engine/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionScripts } from "../src/completion-scripts.ts";
import { unquoted } from "../src/completion.ts";
import { contact } from "./support/fake-engine.ts";
import { fakePhoton } from "./support/fake-world.ts";

const execute = promisify(execFile);

async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const { photon, state } = fakePhoton({
    contacts: [contact(), contact({ id: "c2", petname: "Chi Ng" }), contact({ id: "c3", petname: "" })],
  });
  const done = await photon("__complete", "--", ...words);
  expect(done.code).toBe(0);
  expect(state.calls).not.toContain("sync");
  return done.out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[0] ?? "");
}

describe("candidates come from the command tree and the profile, without network", () => {
  test.each([
    [["dev"], ["devices"]],
    [["contacts", "h"], ["history"]],
    [
      ["contacts", "history", ""],
      ["Ben", "Chi Ng", "c3"],
    ],
    [["send", "B"], ["Ben"]],
    [["send", "Chi\\ "], ["Chi Ng"]],
    [["devices", "retire", "p"], ["phone"]],
    [
      ["devices", "retire", "phone", "--reason", ""],
      ["lost", "taken", "gone"],
    ],
    [["devices", "retire", "phone", "--rea"], ["--reason"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["export", "c"], ["contacts"]],
    [["export", "contacts", "--to", ""], [":files"]],
    [["import", ""], [":files"]],
    [
      ["send", "Ben", "hello", "--to", ""],
      ["new", "old"],
    ],
    [
      ["plan", "trustees", "s"],
      ["show", "set"],
    ],
    [["plan", "trustees", "set", "Ben", "C"], ["Chi Ng"]],
    [
      ["trustee", "approve", ""],
      ["Ben", "Chi Ng", "c3"],
    ],
    [
      ["trustee", "approve", "Ben", "--contacted", ""],
      ["i-reached-them", "they-reached-me"],
    ],
    [["--json", "contacts", "ver"], ["verify"]],
    [["send", "Ben", "--", "--j"], []],
    [["nonsense", ""], []],
  ])("%j", async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });

  test("hidden commands are not offered", async () => {
    expect(await complete("")).not.toContain("__complete");
    expect(await complete("")).toContain("meet");
  });

  test("a profile in use or missing gives none, and no failure", async () => {
    for (const code of ["profile-locked", "no-profile"] as const) {
      const { photon } = fakePhoton({}, { home: { open: async () => ({ ok: false, error: photonError(code) }) } });
      expect(await photon("__complete", "--", "send", "")).toMatchObject({ code: 0, out: "", err: "" });
    }
  });

  test("a name that cannot be shown as it is is not offered", async () => {
    const { photon } = fakePhoton({ contacts: [contact({ petname: "Be\u001Bn" }), contact({ petname: "B\nx" })] });
    expect((await photon("__complete", "--", "send", "B")).out).toBe("");
  });

  test("quotes and backslashes of a half-typed word are undone", () => {
    expect([unquoted("'a b"), unquoted('"a b"'), unquoted("a\\ b")]).toEqual(["a b", "a b", "a b"]);
  });
});

describe("the bash script", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "photon-completion-"));
    await writeFile(
      join(folder, "photon"),
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/asked\nprintf 'Ben\\nChi $(touch ${folder}/ran) Ng\\nread\\tshow a conversation\\n'\n`,
    );
    await chmod(join(folder, "photon"), 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("offers what the program answers, quoted so that nothing in it is run", async () => {
    const line = `${completionScripts.bash}\nCOMP_WORDS=(photon send ""); COMP_CWORD=2; _photon; printf '<%s>' "\${COMPREPLY[@]}"; eval "echo \${COMPREPLY[1]}"; cat ${folder}/asked; ls ${folder}`;
    const { stdout } = await execute("bash", ["--norc", "-c", line], {
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` },
    });
    expect(stdout).toContain("<Ben><Chi\\ \\$\\(touch");
    expect(stdout).toContain("<read>");
    expect(stdout).toContain("__complete\n--\nsend\n\n");
    expect(stdout).not.toMatch(/^ran$/mu);
  });

  test("completes file names where a file is wanted", async () => {
    await writeFile(join(folder, "photon"), "#!/bin/sh\necho ':files'\n");
    const line = `${completionScripts.bash}\nCOMP_WORDS=(photon import ${folder}/ask); COMP_CWORD=2; _photon; printf '<%s>' "\${COMPREPLY[@]}"`;
    const { stdout } = await execute("bash", ["--norc", "-c", line], {
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` },
    });
    expect(stdout).toBe(`<${folder}/asked>`);
  });
});

test("photon completion prints the script, and nothing else", async () => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const done = await fakePhoton().photon("completion", shell);
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(done.out).toBe(completionScripts[shell]);
  }
});
