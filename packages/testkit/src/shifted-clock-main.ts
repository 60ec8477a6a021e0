/**
 * For tests, loaded before a program (`node --import`): puts its calendar forward by as many milliseconds as the file says that is
 * named in this module's address (`?file=…`), and looks again now and then, for programs that stay. What measures durations
 * (timers, `performance.now`) goes on as it was. No program of ours knows of it.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const file = new URL(import.meta.url).searchParams.get("file");
if (file === null) throw new Error("no file says what time it is: add ?file=… to the module's address");

/** Milliseconds between two looks: far less than it takes to start the next program. */
const glance = 20;
const machineNow = Date.now;
let ahead = 0;
let looked = Number.NEGATIVE_INFINITY;

function now(): number {
  if (performance.now() - looked >= glance) {
    ahead = Number(readFileSync(String(file), "utf8"));
    looked = performance.now();
  }
  return machineNow() + ahead;
}

Date.now = now;
globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
  apply: () => new Date().toString(),
});
