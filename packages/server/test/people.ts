/** Helpers that tell stories about Ana and Ben at a real server on loopback. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ed25519 } from "@noble/curves/ed25519.js";
import { asBytes, type Bytes, type Result } from "@photon/protocol/codec";
import {
  appendMac,
  readInput,
  type AppendRequest,
  type RelayAnswer,
  type RelayRequest,
  type RelayRequestOf,
} from "@photon/protocol/queue";
import type { RelayError } from "@photon/engine/ports";
import { httpTransport } from "@photon/engine/adapters/http";
import { parseConfig, type RunningServer, type ServerConfig, type ServerDependencies, startServer } from "@photon/server";
import { onTestFinished } from "vitest";

export const random = (length: number): Bytes => {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(out.subarray(at, at + 65536));
  return out;
};

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "photon-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param flags settings by path, such as {"relay.queueEntries": 3}. */
export function configOf(flags: Readonly<Record<string, string | number>>): ServerConfig {
  const text = Object.fromEntries(Object.entries(flags).map(([key, value]) => [key, String(value)]));
  // In this thread unless a test says otherwise: a thread from source takes a moment to start.
  const parsed = parseConfig({ flags: { "listen.port": "0", "log.level": "silent", "relay.commitThread": "false", ...text } });
  if (!parsed.ok) throw new Error(`${parsed.error.key}: ${parsed.error.detail}`);
  return parsed.value;
}

/** A server that is closed when the test has finished. */
export async function server(
  flags: Readonly<Record<string, string | number>> = {},
  dependencies: ServerDependencies = {},
): Promise<RunningServer & { readonly data: string }> {
  const data = typeof flags["data"] === "string" ? flags["data"] : temporaryFolder();
  const running = await startServer(configOf({ data, ...flags }), dependencies);
  onTestFinished(() => running.close());
  return { ...running, data };
}

const transport = httpTransport();
export const call = <K extends RelayRequest["kind"]>(
  url: string,
  kind: K,
  value: RelayRequestOf<K>,
): Promise<Result<RelayAnswer<K>, RelayError>> => transport.call(url, kind, value);

export async function good<K extends RelayRequest["kind"]>(
  url: string,
  kind: K,
  value: RelayRequestOf<K>,
): Promise<RelayAnswer<K>> {
  const answer = await call(url, kind, value);
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

/** The refusal's code, or "ok". */
export async function outcome<K extends RelayRequest["kind"]>(url: string, kind: K, value: RelayRequestOf<K>): Promise<string> {
  const answer = await call(url, kind, value);
  if (answer.ok) return "ok";
  return answer.error.code === "refused" ? answer.error.refusal : answer.error.code;
}

/** An inbox of Ana's with all its keys. */
export interface TestQueue {
  readonly receiveId: Bytes;
  readonly sendId: Bytes;
  readonly readSeed: Bytes;
  readonly readKey: Bytes;
  readonly writeKey: Bytes;
}

export function newQueue(): TestQueue {
  const readSeed = random(32);
  return {
    receiveId: random(16),
    sendId: random(16),
    readSeed,
    readKey: asBytes(ed25519.getPublicKey(readSeed)),
    writeKey: random(32),
  };
}

export async function createdQueue(url: string): Promise<TestQueue> {
  const queue = newQueue();
  await good(url, "create", createOf(queue));
  return queue;
}

export const createOf = ({ receiveId, sendId, readKey, writeKey }: TestQueue): RelayRequestOf<"create"> => ({
  receiveId,
  sendId,
  readKey,
  writeKeys: [writeKey],
});

export function appendOf(queue: TestQueue, size = 1024, appendId = random(16), body = random(size)): AppendRequest {
  const fields = { sendId: queue.sendId, appendId, body };
  return { ...fields, mac: appendMac(queue.writeKey, fields) };
}

export function readOf(queue: TestQueue, after = 0, limit = 100): RelayRequestOf<"read">[number] {
  const fields = { receiveId: queue.receiveId, after, limit };
  return { ...fields, signature: asBytes(ed25519.sign(readInput(fields), queue.readSeed)) };
}

export type Batch = Extract<RelayAnswer<"read">["value"][number], { kind: "batch" }>["value"];

export async function readBatch(url: string, queue: TestQueue, after = 0, limit = 100): Promise<Batch> {
  const answer = await good(url, "read", [readOf(queue, after, limit)]);
  const [first] = answer.value;
  if (first?.kind !== "batch") throw new Error(`no batch: ${first?.value ?? "nothing"}`);
  return first.value;
}

/** Every entry from the beginning, in order. */
export async function readAll(url: string, queue: TestQueue): Promise<Batch["entries"][number][]> {
  const entries: Batch["entries"][number][] = [];
  for (;;) {
    const batch = await readBatch(url, queue, entries.at(-1)?.seq ?? 0, 1024);
    if (batch.entries.length === 0) return entries;
    entries.push(...batch.entries);
  }
}
