/** `npm run fuzz [-- --count 1000000]`: every fuzz run, whole. Each `scripts/fuzz-*.ts` reads `--count`, the number of mutated inputs. */
import { runEach } from "./run-each.ts";

const given = process.argv.slice(2);
runEach("fuzz-", "fuzz-all.ts", given.length > 0 ? given : ["--count", "1000000"]);
