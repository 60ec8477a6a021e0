import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeWorld } from "@photon/testkit";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test("the library example of the README runs as it stands", async () => {
  const [, example] = /```ts\n([\s\S]*?)```/u.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  expect(example).toBeDefined();
  const world = await makeWorld({ start: Date.now() });
  // Inside the checkout, so that the packages' names resolve as they do for a program that depends on them.
  mkdirSync(join(root, ".reports"), { recursive: true });
  const folder = mkdtempSync(join(root, ".reports", "readme-"));
  try {
    const program = join(folder, "example.mts");
    writeFileSync(program, `const relay = ${JSON.stringify(world.url)};\n${example ?? ""}`);
    const args = ["--conditions=photon-source", "--import", "tsx", program];
    // The server lives in this process: the example must not block it.
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += String(part)));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    expect(output).toContain("/i#");
    expect(output).toContain("state: 'waiting'");
    expect(code, output).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await world.close();
  }
});
