/**
 * A server process for tests: `photon serve` with a clock that can be put forward, on loopback only. The first argument is a JSON
 * object of settings by path, such as {"data": "…", "relay.retentionDays": 7}. When it is ready it prints one line
 * `{"url": …}`; on standard input it understands `advance <milliseconds>`, answered by `advanced`, and `close`.
 */
import { createInterface } from "node:readline";
import { parseConfig, startServer } from "@photon/server";

const settings: unknown = JSON.parse(process.argv[2] ?? "{}");
if (typeof settings !== "object" || settings === null) throw new Error("the first argument must be a JSON object");
const flags = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
const parsed = parseConfig({ flags: { "listen.port": "0", "log.level": "error", ...flags } });
if (!parsed.ok) throw new Error(`${parsed.error.key}: ${parsed.error.detail}`);
const { host } = parsed.value.listen;
if (host !== "127.0.0.1" && host !== "::1") throw new Error("a server with a movable clock listens on loopback only");

let offset = 0;
const server = await startServer(parsed.value, { now: () => Date.now() + offset });
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);

const stop = async (): Promise<void> => {
  await server.close();
  process.exit(0);
};
process.on("SIGTERM", () => void stop());
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [command, amount] = line.trim().split(" ");
  if (command === "advance") {
    offset += Number(amount);
    process.stdout.write("advanced\n");
  } else if (command === "close") void stop();
});
// The test that started it is gone.
lines.on("close", () => void stop());
