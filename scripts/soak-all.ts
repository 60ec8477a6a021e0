/** `npm run soak`: every long run, whole; `npm test` runs a bounded share of each. Arguments are handed to each `scripts/soak-*.ts`. */
import { runEach } from "./run-each.ts";

runEach("soak-", "soak-all.ts", process.argv.slice(2));
