/**
 * Threads. What ships is JavaScript and starts as it is; from source a thread must first bring the loader that its parent was
 * started with, which Node 20 does not hand down.
 */
import { Worker } from "node:worker_threads";

/** @param entry module that listens on its parent port. @param workerData what it finds there. */
export function startThread(entry: URL, workerData: unknown): Worker {
  if (!entry.pathname.endsWith(".ts")) return new Worker(entry, { workerData });
  const bootstrap = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(bootstrap, { eval: true, workerData, execArgv: ["--conditions=photon-source"] });
}

/** The neighbour of a module, as source or built, whichever the module itself is. */
export function neighbour(name: string, of: string): URL {
  return new URL(`./${name}${of.endsWith(".ts") ? ".ts" : ".js"}`, of);
}
