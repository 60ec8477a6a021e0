/**
 * Uses the profile lock of the folder `argv[3]`, as `argv[2]` says:
 * `hold` keeps it until it is killed; `burst` takes it again and again, 40 ms each time, with no pause between;
 * `alone` takes it 40 times and proves each time that nobody else has it; `forget` takes it and ends; `try` asks once.
 */
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { acquireProfileLock } from "@photon/engine/adapters/sqlite";

const [, , what = "", folder = ""] = process.argv;
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function lock(): Promise<{ release: () => void }> {
  const taken = await acquireProfileLock(folder, { waitMs: 20_000 });
  if (taken === undefined) throw new Error("the lock was not to be had");
  return taken;
}

switch (what) {
  case "hold":
    await lock();
    say("held");
    await pause(60_000);
    break;
  case "burst":
    // Longer than any test: it is killed.
    for (let round = 0; round < 100_000; round++) {
      const taken = await lock();
      say("burst");
      await pause(40);
      taken.release();
    }
    break;
  case "alone":
    for (let round = 0; round < 40; round++) {
      const taken = await lock();
      const marker = join(folder, "in-use");
      writeFileSync(marker, "", { flag: "wx" });
      await pause(round % 3);
      rmSync(marker);
      taken.release();
    }
    say("alone");
    break;
  case "forget":
    await lock();
    say("held");
    break;
  case "try":
    say((await acquireProfileLock(folder, { waitMs: 0 })) === undefined ? "refused" : "held");
    break;
  default:
    throw new Error(`unknown task ${what}`);
}
