import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { asBytes, type Bytes, toBase64url, toHex } from "@photon/protocol/codec";
import { signRotate } from "@photon/protocol/queue";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { createdBoard } from "./board-people.ts";
import { appendOf, createdQueue, good, newQueue, outcome, random, readOf, server } from "./people.ts";
import { headAfter, newKey, storedBlob, vaultOutcome } from "./vault-people.ts";
import { takeUntil, watcher, watchFrame } from "./watcher.ts";

/** Every form in which bytes could turn up in text. */
const forms = (bytes: Bytes): readonly string[] => [
  toHex(bytes),
  toBase64url(bytes),
  Buffer.from(bytes).toString("base64"),
  Buffer.from(bytes).toString("latin1"),
  [...bytes].join(","),
];

function filesUnder(folder: string): Buffer {
  const parts = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
  return Buffer.concat(parts);
}

describe("what the server keeps and says", () => {
  test("neither log nor metrics hold a queue id, a key, an address or a body, whatever happens", async () => {
    const lines: string[] = [];
    const { url, sweep, close } = await server({ "log.level": "debug" }, { logTo: { write: (line) => void lines.push(line) } });
    const queue = await createdQueue(url);
    const append = appendOf(queue);
    await good(url, "append", append);
    await good(url, "read", [readOf(queue)]);
    await outcome(url, "append", { ...append, mac: random(32) });
    const next = newQueue();
    const keys = { receiveId: queue.receiveId, version: 1, readKey: next.readKey, writeKeys: [next.writeKey] };
    await good(url, "rotate", signRotate(queue.readSeed, keys));
    const drop = { dropId: random(32), body: random(40), days: 1 };
    await good(url, "put", drop);
    await outcome(url, "get", drop);
    const [register, device] = [random(16), newKey()];
    await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
    const blob = await storedBlob(url, register, device);
    await fetch(`${url}/v1/relay`, { method: "POST", headers: { "content-type": "application/cbor" }, body: append.body });
    await fetch(`${url}/i?secret=1`);
    const watch = await watcher(url);
    watch.send(watchFrame([{ ...next, receiveId: queue.receiveId }], true));
    await takeUntil(watch, 1);
    await sweep();
    const metrics = await (await fetch(`${url}/metrics`)).text();
    await close();
    const said = lines.join("\n") + metrics;
    expect(lines.length).toBeGreaterThan(2);
    const { receiveId, sendId, readKey, writeKey } = queue;
    const secrets = [
      receiveId,
      sendId,
      readKey,
      writeKey,
      next.readKey,
      append.appendId,
      append.mac,
      drop.dropId,
      register,
      device.key,
      blob,
    ];
    for (const secret of secrets) for (const form of forms(asBytes(secret.slice(0, 12)))) expect(said).not.toContain(form);
    expect(said).not.toMatch(/127\.0\.0\.1|::1|localhost/u);
    expect(said).not.toContain("secret=1");
  });

  test("no address is written anywhere, and no two queues share eight bytes in a row", async () => {
    const { url, data, close } = await server();
    const pairs = [await createdQueue(url), await createdQueue(url)];
    for (const queue of pairs) for (let i = 0; i < 5; i++) await good(url, "append", appendOf(queue));
    // Two boards with the same people at them, as a plan's are at its two operators.
    for (const board of [await createdBoard(url, 3), await createdBoard(url, 3)]) {
      for (const place of [0, 1, 2, 1]) await good(url, "append", appendOf(board.writer(place)));
      pairs.push(board.queue);
    }
    await close();
    const files = filesUnder(data);
    expect(files.includes("127.0.0.1")).toBe(false);
    // The relay adds nothing of its own to a row that would join it to another: what is stored is what was sent, a number and a day.
    const database = new Database(join(data, "relay.sqlite"), { readonly: true });
    const tables = database.prepare("select name, sql from sqlite_master where type = 'table'").all() as {
      name: string;
      sql: string;
    }[];
    for (const table of tables.filter(({ name }) => ["queue", "parcel", "append_run", "writer", "drop"].includes(name))) {
      expect(table.sql).toMatch(/without rowid/iu);
      expect(table.sql).not.toMatch(/time|stamp|created|address/iu);
    }
    const seen = new Map<string, number>();
    for (const [index, queue] of pairs.entries()) {
      const rows = ["parcel", "append_run", "writer"].flatMap(
        (table) => database.prepare(`select * from ${table} where queue = ?`).all(queue.receiveId) as Record<string, unknown>[],
      );
      expect(rows.length).toBeGreaterThan(1);
      const row = database.prepare("select * from queue where receive_id = ?").get(queue.receiveId) as Record<string, unknown>;
      for (const value of [...rows, row].flatMap((columns) => Object.values(columns))) {
        if (!(value instanceof Uint8Array)) continue;
        for (let at = 0; at + 8 <= value.length; at++) {
          const piece = Buffer.from(value.subarray(at, at + 8)).toString("latin1");
          expect(seen.get(piece) ?? index).toBe(index);
          seen.set(piece, index);
        }
      }
    }
    database.close();
  });
});

describe("pages", () => {
  test("the invitation page tells what to run, has no script and asks for nothing else", async () => {
    const { url } = await server();
    const response = await fetch(`${url}/i`);
    const page = await response.text();
    expect(page).toContain("photon accept");
    expect(page).not.toMatch(/<script|<img|<link|https?:|url\(|@import/iu);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/u);
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("info says what runs here; health and metrics answer; metrics can ask for a token", async () => {
    const { url } = await server({ roles: "relay", "metrics.token": "let me see" });
    expect(await (await fetch(`${url}/v1/info`)).json()).toEqual({ name: "photon", api: [1], roles: ["relay"] });
    for (const path of ["/livez", "/readyz"]) expect((await fetch(`${url}${path}`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    const response = await fetch(`${url}/metrics`, { headers: { authorization: "Bearer let me see" } });
    const text = await response.text();
    expect(text).toMatch(/photon_requests_total\{role="relay",kind="append",outcome="ok"\} 1/u);
    for (const name of [
      "photon_commit_seconds",
      "photon_commit_backlog",
      "photon_oldest_entry_days",
      "photon_shed_total",
      "photon_open_sockets",
    ]) {
      expect(text).toContain(name);
    }
  });
});
