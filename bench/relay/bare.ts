/**
 * A second yardstick: what storing alone costs. `ws`, SQLite as a relay of ours opens it, and group commit in one thread; no queues, no
 * proofs, no frames, no limits. Its argument says whether it knows what it was given before, as a relay must. Prints its URL.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { type WebSocket, WebSocketServer } from "ws";

const path = join(tmpdir(), `photon-bare-${randomUUID()}.sqlite`);
const database = new Database(path);
for (const pragma of [
  "journal_mode = WAL",
  "synchronous = FULL",
  "wal_autocheckpoint = 8192",
  "cache_size = -65536",
  "mmap_size = 1073741824",
])
  database.pragma(pragma);
database.exec("create table entry (id blob not null, body blob not null)");
if (process.argv[2] === "known") database.exec("create unique index entry_id on entry (id)");
const insert = database.prepare("insert into entry values (?, ?)");
const idLength = 16;

interface Waiting {
  readonly from: WebSocket;
  readonly entry: Buffer;
}
let waiting: Waiting[] = [];

/** Answers each connection with how many of its entries are durable. */
const commit = database.transaction((group: readonly Waiting[]) => {
  for (const { entry } of group) insert.run(entry.subarray(0, idLength), entry.subarray(idLength));
});
function store(): void {
  const group = waiting;
  waiting = [];
  commit(group);
  const counts = new Map<WebSocket, number>();
  for (const { from } of group) counts.set(from, (counts.get(from) ?? 0) + 1);
  for (const [from, count] of counts) from.send(Uint32Array.of(count));
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (entry) => {
    if (!Buffer.isBuffer(entry)) throw new Error("an entry in parts");
    if (waiting.length === 0) setImmediate(store);
    waiting.push({ from: socket, entry });
  });
});
server.on("listening", () => {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
});
process.stdin
  .on("end", () => {
    database.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
    process.exit(0);
  })
  .resume();
