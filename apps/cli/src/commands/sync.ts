import type { Command } from "commander";
import { err, ok } from "@photon/protocol/codec";
import type { Answer, Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Attempt, needsNetwork } from "../failure.ts";
import { lockPatience } from "../pass.ts";
import { advance, openAnswer, syncOpened } from "../recovering.ts";

export function syncCommand(program: Command, run: Run): void {
  declare(program, {
    name: "sync",
    summary: "fetch and send what waits",
    description:
      "Fetches what waits at the relay, does what is due, sends what waits here, and brings the backup up to date, once. On a device that has begun a recovery it looks how that stands, with exit code 20 while people are waited for, and goes on with it. Every command does a short form of this; `photon service install` has it done regularly.",
    examples: [
      ["photon sync", "after a day without network"],
      ["photon sync --json", "for a script: {received, sent, pending, duties, recoveries?, recovery?}"],
    ],
  }).action(async () => run(sync));
}

async function sync(cli: Cli): Attempt<Answer> {
  if (cli.globals.offline) return err(needsNetwork("there is nothing to sync with --offline"));
  const opened = await cli.world.home.open(lockPatience(cli));
  const recovers = !opened.ok && opened.error.code === "recovery-waiting";
  if (cli.globals.dryRun && (opened.ok || recovers)) {
    if (opened.ok) await opened.value.close();
    return cli.would("fetch and send what waits, and bring the backup up to date");
  }
  if (recovers) return goOn(cli);
  return opened.ok ? syncOpened(cli, opened.value, undefined) : opened;
}

/** In a folder in which a recovery is under way. */
async function goOn(cli: Cli): Attempt<Answer> {
  const resumed = await cli.world.home.resume(lockPatience(cli));
  if (!resumed.ok) return resumed;
  if (resumed.value === undefined) {
    // Another command has finished it meanwhile.
    const opened = await cli.world.home.open(lockPatience(cli));
    return opened.ok ? syncOpened(cli, opened.value, undefined) : opened;
  }
  const advanced = await advance(cli, resumed.value);
  if (!advanced.ok) return advanced;
  switch (advanced.value.kind) {
    case "open":
      return ok(openAnswer(cli, advanced.value.step));
    case "recovered":
      return syncOpened(cli, advanced.value.profile, advanced.value.problems);
  }
}
