/** Commits batches to the store `argv[2]` as fast as it can, and prints each number once its commit was confirmed. */
import { writeSync } from "node:fs";
import { openSqliteStore } from "@photon/engine/adapters/sqlite";
import { expectOk, utf8 } from "@photon/protocol/codec";

const store = expectOk(await openSqliteStore(process.argv[2] ?? ""));
const ratchet = { table: "generation", key: "ratchet" } as const;
for (let version = (await store.get(ratchet.table, ratchet.key))?.version ?? 0; ; version++) {
  const number = String(version + 1).padStart(8, "0");
  expectOk(
    await store.commit(
      [
        { table: "message", key: number, value: new Uint8Array(3_000).fill(version & 0xff) },
        { ...ratchet, value: utf8(number) },
        { table: "outbox", key: number, value: utf8(number) },
        { table: "outbox", key: String(version).padStart(8, "0"), value: undefined },
      ],
      [{ ...ratchet, version }],
    ),
  );
  writeSync(1, `${version + 1}\n`);
}
