/** Runs the child with a cap on its memory and on the time that one input may take, and says what ended it. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toHex } from "@photon/protocol/codec";
import { mutate } from "./mutate.ts";
import { type Share, sharedTargets, wholeShare } from "./targets.ts";

export interface FuzzReport {
  readonly targets: readonly {
    readonly name: string;
    readonly inputs: number;
    /** Milliseconds that the slowest input took. */
    readonly slowest: number;
    /** Milliseconds of processor time that all of them took. */
    readonly cpu: number;
  }[];
  /** What went wrong, with the input that did it; undefined when nothing did. */
  readonly failure: string | undefined;
}
/** For one input. */
const timeCap = 10_000;
const heapCap = 512;

/**
 * @param options.count inputs for each target. @param options.milliseconds for each target, whichever comes first.
 * @param options.seed the same seed gives the same inputs. @param options.share of the decoders; all, unless given.
 */
export async function runFuzz(options: {
  readonly count: number;
  readonly milliseconds: number;
  readonly seed: number;
  readonly share?: Share;
}): Promise<FuzzReport> {
  const share = options.share ?? wholeShare;
  const folder = mkdtempSync(join(tmpdir(), "photon-fuzz-"));
  const where = join(folder, "at");
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  const flags = ["--import", "tsx", "--conditions", "photon-source", `--max-old-space-size=${heapCap}`];
  const args = [...flags, script, where, String(options.seed), String(options.count), String(options.milliseconds), share];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let words = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)));
  let last = "";
  let hung = false;
  let ticked = Date.now();
  const watch = setInterval(() => {
    const now = place(where);
    // A look that comes late: the machine slept, or both of us were stopped, and the child had no time either.
    const isLate = Date.now() - ticked > 1.5 * timeCap;
    ticked = Date.now();
    if (now === last && now !== "" && !isLate) {
      hung = true;
      child.kill("SIGKILL");
    }
    last = now;
  }, timeCap);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  const at = place(where);
  rmSync(folder, { recursive: true });
  if (code === 0) return { targets: JSON.parse(out) as FuzzReport["targets"], failure: undefined };
  const [number = 0, index = 0] = at.split(" ").map(Number);
  const target = (await sharedTargets(share))[number];
  const input = target === undefined ? "" : toHex(mutate(options.seed + number, index, target.valid));
  const how = hung ? `took more than ${timeCap / 1000} s` : `ended the process (${code ?? "killed"})`;
  return { targets: [], failure: `${target?.name ?? "loading"} ${how}; seed ${options.seed}, input ${index}: ${input}\n${words}` };
}

/** "target input", or nothing before the first. */
function place(where: string): string {
  try {
    const mark = readFileSync(where);
    return mark.length < 16 ? "" : `${mark.readDoubleBE(0)} ${mark.readDoubleBE(8)}`;
  } catch {
    return ""; // the child has not made the file yet
  }
}
