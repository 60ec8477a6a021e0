/** The clock that tests and the demo give to the program: the same program, which knows nothing of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askPhoton, type CommandProcess, makeTestClock, runPhoton, startPhoton, type TestClock } from "@photon/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const day = 24 * 3_600_000;
let folder = "";
let clock: TestClock;
let server: CommandProcess;
let url = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "photon-clock-"));
  clock = makeTestClock(join(folder, "clock"));
  const words = ["serve", "--json", "--no-input", "--port", "0", "--data", join(folder, "server")];
  server = startPhoton(join(folder, "operator"), words, { clock });
  url = String((await server.nextObject())["url"]);
});
afterAll(async () => {
  server.signal("SIGTERM");
  await server.ended;
  await rm(folder, { recursive: true, force: true });
});

async function invite(petname: string): Promise<{ readonly link: string; readonly expires: number }> {
  const ran = await runPhoton(join(folder, "ana"), ["meet", "--petname", petname, "--json", "--no-input"], { clock });
  const { link, expires } = JSON.parse(ran.stdout) as { readonly link: string; readonly expires: string };
  return { link, expires: Date.parse(expires) };
}

test("a command takes it for the time, and so does a server that was running before it was put forward", async () => {
  expect((await runPhoton(join(folder, "ana"), ["init", "--relay", url, "--no-input"], { clock })).code).toBe(0);
  const first = await invite("Ben");
  expect(Math.abs(first.expires - Date.now() - 7 * day)).toBeLessThan(3_600_000);
  clock.advance(30 * day);
  expect(Math.abs(clock.now() - Date.now() - 30 * day)).toBeLessThan(1000);
  const second = await invite("Chi");
  expect(Math.abs(second.expires - Date.now() - 37 * day)).toBeLessThan(3_600_000);

  // By Ben's own clock the first invitation has not expired: it is the server that says so.
  const late = await askPhoton(join(folder, "ben"), "accept", first.link, "--petname", "Ana");
  expect(late).toMatchObject({ code: 1, object: { error: { code: "invitation-expired" } } });
});
