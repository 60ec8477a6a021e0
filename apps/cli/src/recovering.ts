/** Going on with a recovery by trustees that this device has begun, and with the profile once it is there. */
import type { PhotonError, SyncReport } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "./cli.ts";
import { type Attempt, cliError } from "./failure.ts";
import { givingWay, waysToGive } from "./giving-way.ts";
import { shown } from "./output/shown.ts";
import { instant, localTime, plural } from "./output/time.ts";
import { leftoverWords, problemJson, problemWords } from "./pass.ts";
import {
  isBack,
  noticeJson,
  noticesNext,
  noticesWords,
  type OpenStep,
  progressNext,
  progressWords,
  recoveredJson,
  stepJson,
  stepNext,
  stepWords,
} from "./recovery-view.ts";
import type { OpenProfile, RecoveringProfile } from "./world.ts";

export type Advanced =
  | { readonly kind: "open"; readonly step: OpenStep }
  | { readonly kind: "recovered"; readonly profile: OpenProfile; readonly problems: readonly PhotonError[] };

/** Looks for answers, and restores to the end if it is time. Closes what it was given, unless that has become a profile. */
export async function advance(cli: Cli, recovering: RecoveringProfile): Attempt<Advanced> {
  const progress = cli.progress("Looking for the answers of your trustees");
  let isOver = false;
  try {
    while (!cli.world.cancel.aborted) {
      const step = await recovering.poll();
      if (!step.ok) return step;
      switch (step.value.state) {
        case "collecting":
        case "waiting":
          return ok({ kind: "open", step: step.value });
        case "restoring":
          progress.at(step.value.progress, "Fetching your relationships and history");
          break;
        case "recovered":
          isOver = true;
          return ok({ kind: "recovered", profile: step.value.profile, problems: step.value.problems });
      }
    }
    return err(cliError("interrupted", "the request stays as it is", "`photon sync` goes on with it."));
  } finally {
    progress.end();
    if (!isOver) await recovering.close();
  }
}

/** What `photon sync` says while people are waited for. */
export const openAnswer = (cli: Cli, step: OpenStep): Answer =>
  answer({
    json: { received: 0, sent: 0, pending: 0, duties: [], recovery: stepJson(step) },
    words: stepWords(step, cli.world.now()),
    next: stepNext(step),
    exit: 20,
  });

/**
 * The whole exchange with the servers, and what became of it. Closes the profile.
 * @param restored what could not be read of the backup, where this profile has just been recovered; else undefined.
 */
export async function syncOpened(cli: Cli, profile: OpenProfile, restored: readonly PhotonError[] | undefined): Attempt<Answer> {
  const progress = cli.progress("Talking to the relay");
  try {
    const { result: report } = await givingWay(cli, profile, waysToGive.sync, (signal) => profile.engine.sync({ signal }));
    progress.end();
    if (!report.ok) return report;
    const retired = report.value.problems.find(({ code }) => code === "device-retired");
    if (retired !== undefined) return err(retired);
    if (cli.world.cancel.aborted) return err(cliError("interrupted"));
    return await synced(cli, profile, report.value, restored);
  } finally {
    progress.end();
    await profile.close();
  }
}

async function synced(
  cli: Cli,
  { engine }: OpenProfile,
  report: SyncReport,
  restored: readonly PhotonError[] | undefined,
): Attempt<Answer> {
  const notices = await engine.recoveryNotices();
  if (!notices.ok) return notices;
  const recovery = await engine.recoveryProgress();
  if (!recovery.ok) return recovery;
  const { received, sent, pending, duties } = report;
  const problems = [...(restored ?? []), ...report.problems];
  const clean = problems.length === 0 && pending === 0;
  const isGoingOn = recovery.value !== undefined && !isBack(recovery.value);
  const done = `${plural(received, "message")} received, ${plural(sent, "delivery", "deliveries")} sent${pending === 0 ? "" : `, ${pending} waiting`}.`;
  return ok(
    answer({
      json: {
        received,
        sent,
        pending,
        duties: duties.map(({ kind, dueAt, words }) => ({ kind, dueAt: instant(dueAt), words })),
        ...(notices.value.length === 0 ? {} : { recoveries: notices.value.map(noticeJson) }),
        ...(restored === undefined && recovery.value === undefined ? {} : { recovery: recoveredJson(recovery.value) }),
        ...(problems.length === 0 ? {} : { problems: problems.map(problemJson) }),
      },
      words: [
        noticesWords(notices.value),
        restored === undefined ? "" : "This device is yours again: your relationships are here, with their history.",
        recovery.value === undefined || (!isGoingOn && restored === undefined) ? "" : progressWords(recovery.value),
        done,
        ...dutyLines(duties, cli.world.now()),
        ...(restored ?? []).map(problemWords),
        leftoverWords(report),
      ]
        .filter((line) => line !== "")
        .join("\n"),
      next:
        noticesNext(notices.value) ??
        (clean
          ? isGoingOn && recovery.value !== undefined
            ? progressNext(recovery.value)
            : "`photon contacts` shows what is new."
          : "follow what is said above, then run `photon sync` again; `photon doctor` looks deeper."),
      exit: !clean ? 3 : recovery.value?.phase === "signing" ? 20 : 0,
    }),
  );
}

/** What is to be done for several people alike is said once, with the time at which the first is due. */
function dutyLines(duties: SyncReport["duties"], now: number): string[] {
  const alike = new Map<string, number[]>();
  for (const { words, dueAt } of duties) alike.set(words, [...(alike.get(words) ?? []), dueAt]);
  return [...alike].map(
    ([words, times]) =>
      `To be done ${localTime(Math.min(...times), now)}: ${shown(words)}${times.length === 1 ? "" : ` (${times.length} times)`}`,
  );
}
