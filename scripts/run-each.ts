/** Runs every `scripts/<prefix>*.ts`, one after another, each in a process of its own, and says which failed. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function runEach(prefix: string, self: string, args: readonly string[]): void {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const scripts = readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith(".ts") && name !== self);
  const failed: string[] = [];
  for (const name of scripts.toSorted()) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const { status } = spawnSync(process.execPath, [...process.execArgv, `${folder}${name}`, ...args], { stdio: "inherit" });
    if (status !== 0) failed.push(name);
    console.log(`== ${name}: ${status === 0 ? "passed" : "FAILED"} after ${Math.round((Date.now() - started) / 1000)} s`);
  }
  console.log(`\n${scripts.length - failed.length} passed, ${failed.length} failed${failed.map((name) => `\n  ${name}`).join("")}`);
  process.exitCode = failed.length === 0 && scripts.length > 0 ? 0 : 1;
}
