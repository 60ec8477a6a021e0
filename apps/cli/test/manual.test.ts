/** The words of the program, and the pages that are made of them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { engineErrors } from "@photon/engine/errors";
import { describe, expect, test } from "vitest";
import { exits } from "../src/exit.ts";
import { cliErrors } from "../src/failure.ts";
import { commandsPage } from "../src/manual/markdown.ts";
import { exitCodesPage } from "../src/manual/exit-codes.ts";
import { manPage, roffText } from "../src/manual/roff.ts";
import { topics } from "../src/manual/topics.ts";
import { globalOptions, pages } from "../src/manual/tree.ts";
import { buildProgram } from "../src/program.ts";
import { version } from "../src/version.ts";
import { fakePhoton } from "./support/fake-world.ts";

const program = buildProgram(async () => undefined);
const all = pages(program);
const file = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
/** Lines without what a formatter may change in a table. */
const squeezed = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => (line.startsWith("|") ? line.replaceAll(/ +/gu, " ").replaceAll(/-{3,}/gu, "---") : line).trimEnd())
    .map((line) => (/^[| ]+$/u.test(line) ? "" : line))
    .filter((line) => line !== "");

describe("every page is that of this very program", () => {
  test("docs/guide/commands.md (npx photon help --markdown)", () => {
    expect(squeezed(file("docs/guide/commands.md"))).toEqual(squeezed(commandsPage(program)));
  });

  test("docs/guide/exit-codes.md names every code and every error", () => {
    expect(squeezed(file("docs/guide/exit-codes.md"))).toEqual(squeezed(exitCodesPage()));
  });

  test("apps/cli/man/photon.1 (npx photon help --man)", () => {
    expect(file("apps/cli/man/photon.1")).toBe(manPage(program, version));
  });

  test.each(["scripting", "recovery"])("docs/guide/%s.md speaks only of commands and options that exist", (page) => {
    const text = file(`docs/guide/${page}.md`);
    const names = new Set(all.map(({ name }) => name));
    const groups = new Set(all.filter(({ group }) => group).map(({ name }) => name));
    for (const [, line] of text.matchAll(/`(photon [^`]+)`/gu)) {
      const [, first = "", second = ""] = /^photon (\S+)(?: (\S+))?/u.exec(line ?? "") ?? [];
      expect(names, line).toContain(`photon ${first}`);
      if (groups.has(`photon ${first}`) && /^[a-z]+$/u.test(second)) expect(names, line).toContain(`photon ${first} ${second}`);
    }
    const options = new Set(
      [...globalOptions(program), ...all.flatMap((page) => page.options)].map(({ term }) => /--[a-z-]+/u.exec(term)?.[0]),
    );
    for (const [option] of text.matchAll(/--[a-z]+(?:-[a-z]+)*/gu)) expect(options, option).toContain(option);
  });

  test("the version is that of package.json", () => {
    expect((JSON.parse(file("apps/cli/package.json")) as { version: string }).version).toBe(version);
  });
});

describe("words", () => {
  const errors = [...Object.values(cliErrors), ...Object.values(engineErrors)];
  const sentences = [
    ...all.flatMap(({ summary, description, options, arguments: named }) => [
      summary,
      description,
      ...[...options, ...named].map(({ words }) => words),
    ]),
    ...all.flatMap(({ examples }) => examples.map(([, purpose]) => purpose)),
    ...topics.flatMap(({ text }) => text),
    ...errors.flatMap(({ message, remedy }) => [message, remedy]),
  ];

  test("no exclamation marks, no jargon, no please-wait", () => {
    for (const sentence of sentences) {
      expect(sentence).not.toContain("!");
      expect(sentence).not.toMatch(/\b(?:leaf|leaves|MLS|ratchet|lineage|epoch|commit|DAG|hash|ciphertext|oops|successfully)\b/iu);
    }
  });

  test("every command has a summary, a description, examples, and each example is of that command", () => {
    for (const page of all) {
      expect(page.summary, page.name).toMatch(/^[^A-Z].*[^.]$/u);
      expect(page.description, page.name).toMatch(/^[A-Z].*\.$/u);
      expect(page.examples.length, page.name).toBeGreaterThan(0);
    }
    for (const { name, examples } of all)
      expect(
        examples.some(([line]) => line.includes(name.replace(/ list$/u, ""))),
        name,
      ).toBe(true);
  });

  test("every failure has a remedy, and an exit code that is documented", () => {
    const codes = new Set<number>(Object.values(exits).map(({ code }) => code));
    for (const { exit, message, remedy } of errors) {
      expect(codes).toContain(exit);
      expect(message).toMatch(/^[A-Z].*\.$/u);
      expect(remedy).toMatch(/^[A-Z`].*\.$/u);
    }
    expect([...codes]).toEqual([0, 1, 2, 3, 10, 11, 12, 20, 21, 22, 130]);
  });

  test("no error code has two meanings", () => {
    expect(Object.keys(cliErrors).filter((code) => code in engineErrors)).toEqual([]);
  });
});

describe("help", () => {
  test("lists every command in its group, with a line each, and fits the window", async () => {
    const { out, code } = await fakePhoton().photon("--help");
    expect(code).toBe(0);
    for (const name of [
      "init",
      "meet",
      "accept",
      "contacts",
      "send",
      "read",
      "devices",
      "backup",
      "export",
      "import",
      "plan",
      "recover",
      "trustee",
      "contest",
      "sync",
      "watch",
      "service",
      "serve",
      "doctor",
      "completion",
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${name} {2,}\\S`, "mu"));
    }
    expect(out).not.toContain("__complete");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("help of a command has its examples and the options for every command", async () => {
    for (const line of [
      ["help", "devices", "retire"],
      ["devices", "retire", "--help"],
    ]) {
      const { out, code } = await fakePhoton().photon(...line);
      expect(code).toBe(0);
      expect(out).toContain("--reason");
      expect(out).toContain("photon devices retire phone --reason taken");
      expect(out).toContain("--no-input");
    }
  });

  test("topics", async () => {
    const { photon } = fakePhoton();
    const listed = (await photon("help", "topics")).out;
    for (const { name } of topics) {
      expect(listed).toContain(`photon help ${name}`);
      expect((await photon("help", name)).code).toBe(0);
    }
    expect((await photon("help", "exit-codes")).out).toMatch(/^ {2}130 {2}It was interrupted\.$/mu);
  });

  test("a mistyped command is met with what was meant", async () => {
    const { photon } = fakePhoton();
    expect(await photon("contcts")).toMatchObject({ code: 2, err: expect.stringContaining("contacts") as string });
    expect(await photon("contacts", "hitsory", "Ben")).toMatchObject({
      code: 2,
      err: expect.stringContaining("no command “hitsory”") as string,
    });
    expect(await photon("devices", "retire")).toMatchObject({
      code: 2,
      err: expect.stringContaining("photon help devices retire") as string,
    });
    expect(await photon("devices", "retire", "phone", "--reason", "bored")).toMatchObject({ code: 2 });
    expect(await photon("help", "nonsense")).toMatchObject({ code: 2 });
  });

  test("--version prints the version", async () => {
    expect(await fakePhoton().photon("--version")).toMatchObject({ code: 0, out: `${version}\n` });
  });
});

describe("the manual page", () => {
  test("nothing in the text is taken for a request", () => {
    expect(roffText(".TH x\n'so /etc/passwd \\fB –")).toBe("\\&.TH x\n\\&'so /etc/passwd \\efB \\[u2013]");
  });

  test("groff reads it without a complaint", ({ skip }) => {
    try {
      execFileSync("groff", ["--version"], { stdio: "ignore" });
    } catch {
      skip("groff is not installed");
    }
    const said = execFileSync("groff", ["-man", "-Tutf8", "-ww", "-z"], {
      input: manPage(program, version),
      stdio: ["pipe", "pipe", "pipe"],
    });
    expect(said.toString()).toBe("");
  });
});
