import type { Command } from "commander";
import type { DutyReport, SyncReport } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Attempt, cliError } from "../failure.ts";
import { shown } from "../output/shown.ts";
import { instant, localTime, plural } from "../output/time.ts";
import { leftoverWords, lockPatience, problemJson } from "../pass.ts";

export function syncCommand(program: Command, run: Run): void {
  declare(program, {
    name: "sync",
    summary: "fetch and send what waits",
    description:
      "Fetches what waits at the relay, does what is due, sends what waits here, and brings the backup up to date, once. Every command does a short form of this; `photon service install` has it done regularly.",
    examples: [
      ["photon sync", "after a day without network"],
      ["photon sync --json", "for a script: {received, sent, pending, duties}"],
    ],
  }).action(async () => run(sync));
}

async function sync(cli: Cli): Attempt<Answer> {
  if (cli.globals.offline) return err(cliError("usage", "there is nothing to sync with --offline", "Leave out --offline."));
  const opened = await cli.world.home.open(lockPatience(cli));
  if (!opened.ok) return opened;
  if (cli.globals.dryRun) {
    await opened.value.close();
    return cli.would("fetch and send what waits, and bring the backup up to date");
  }
  const progress = cli.progress("Talking to the relay");
  try {
    const report = await opened.value.engine.sync({ signal: cli.world.cancel });
    progress.end();
    if (!report.ok) return report;
    const retired = report.value.problems.find(({ code }) => code === "device-retired");
    if (retired !== undefined) return err(retired);
    return cli.world.cancel.aborted ? err(cliError("interrupted")) : ok(synced(cli, report.value));
  } finally {
    progress.end();
    await opened.value.close();
  }
}

function synced(cli: Cli, report: SyncReport): Answer {
  const { received, sent, pending, duties, problems } = report;
  const clean = problems.length === 0 && pending === 0;
  const done = `${plural(received, "message")} received, ${plural(sent, "delivery", "deliveries")} sent${pending === 0 ? "" : `, ${pending} waiting`}.`;
  return answer({
    json: {
      received,
      sent,
      pending,
      duties: duties.map(({ kind, dueAt, words }) => ({ kind, dueAt: instant(dueAt), words })),
      ...(problems.length === 0 ? {} : { problems: problems.map(problemJson) }),
    },
    words: [done, ...duties.map((duty) => dutyWords(cli, duty)), leftoverWords(report)].filter((line) => line !== "").join("\n"),
    next: clean
      ? "`photon contacts` shows what is new."
      : "follow what is said above, then run `photon sync` again; `photon doctor` looks deeper.",
    exit: clean ? 0 : 3,
  });
}

const dutyWords = (cli: Cli, { words, dueAt }: DutyReport): string =>
  `To be done ${localTime(dueAt, cli.world.now())}: ${shown(words)}`;
