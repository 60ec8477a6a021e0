/**
 * kill -9 of a real server, many rounds: `npx tsx --conditions=photon-source scripts/soak-server.ts [rounds]`, 200 unless given.
 * Ends with the figures, or with the promise that was broken.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashRounds } from "../packages/server/test/crash-rounds.ts";

const rounds = Number(process.argv[2] ?? "200");
const data = mkdtempSync(join(tmpdir(), "photon-soak-"));
try {
  const report = await crashRounds(data, rounds, { "relay.queueEntries": 10_000_000, "relay.queueBytes": 1_000_000_000_000 });
  process.stdout.write(`${JSON.stringify({ soak: "server", ...report })}\n`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
