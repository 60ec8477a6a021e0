/** `npm run fuzz [-- --count 1000000] [--seconds 3] [--seed 7] [--share 2/3]`: every fuzz run, whole: a million inputs for each decoder unless told. */
import { runEach } from "./run-each.ts";

await runEach("fuzz-", "fuzz-all.ts", [{ script: "fuzz-decoders.ts", processes: [process.argv.slice(2)] }], []);
