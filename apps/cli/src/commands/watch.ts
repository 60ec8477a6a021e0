/**
 * `photon watch`, a loop of bursts: sync, and tell what is new. What other commands fetched meanwhile is told in the next one; a
 * burst that takes long is broken off for another command.
 */
import type { Command } from "commander";
import type { Contact, SyncReport } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import type { Answer, Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { stateWords, successionWords } from "../contact-view.ts";
import { type Attempt, cliError, needsNetwork } from "../failure.ts";
import { givingWay, waysToGive } from "../giving-way.ts";
import { messageStateWords, messageText } from "../message-view.ts";
import { named, shown } from "../output/shown.ts";
import { problemJson, problemWords } from "../pass.ts";
import { noticesWords, progressWords } from "../recovery-view.ts";
import { caseLine, trusteeshipWords } from "../trustee-view.ts";
import { eventJson, look, nothingSeen, type Seen, type WatchEvent } from "../watching.ts";
import { inBursts, type Looked } from "../waiting.ts";
import type { OpenProfile } from "../world.ts";

export function watchCommand(program: Command, run: Run): void {
  declare(program, {
    name: "watch",
    summary: "stay, and show what comes",
    description:
      "Stays connected and shows messages and changes as they come, until Ctrl-C. Other commands work beside it. With --json it prints one object a line, each with an `event`: watching, message, state, contact, change, device, succession, recovery, recovered, trustee, case, problem or connected.",
    examples: [
      ["photon watch", "leave it open in a window"],
      ["photon watch --json | jq -r 'select(.event==\"message\").message.body'", "hand each message to another program"],
    ],
  }).action(async () => run(watch));
}

async function watch(cli: Cli): Attempt<Answer> {
  if (cli.globals.offline) return err(needsNetwork("there is nothing to watch with --offline"));
  if (cli.globals.dryRun) return cli.would("stay connected, and show messages and changes as they come");
  const state: State = { seen: undefined, trouble: new Set() };
  const ended = await inBursts<never>(cli, (profile) => burst(cli, profile, state));
  return ended.ok || ended.error.code === "interrupted"
    ? err(cliError("interrupted", "", "`photon watch` starts again where it ended."))
    : ended;
}

interface State {
  seen: Seen | undefined;
  /** Codes of the problems that were told and still last. */
  readonly trouble: Set<string>;
}

async function burst(cli: Cli, profile: OpenProfile, state: State): Attempt<Looked<never>> {
  const { engine } = profile;
  if (state.seen === undefined) {
    const before = nothingSeen();
    const looked = await look(engine, before);
    if (!looked.ok) return looked;
    state.seen = before;
    if (cli.globals.json) cli.line({ event: "watching" }, "");
    else cli.say("Watching. Ctrl-C ends it.");
  }
  const { result: report, gaveWay } = await givingWay(cli, profile, waysToGive.watch, (signal) => engine.sync({ signal }));
  if (!report.ok) return report;
  const retired = report.value.problems.find(({ code }) => code === "device-retired");
  if (retired !== undefined) return err(retired);
  const news = await look(engine, state.seen);
  if (!news.ok) return news;
  for (const event of news.value) cli.line(eventJson(event), eventText(event, cli.world.now()));
  // What a pass says that was broken off is not the whole truth.
  if (!gaveWay) tellTrouble(cli, state, report.value);
  return ok({ kind: "again", gaveWay, away: report.value.problems.length > 0, news: news.value.length > 0 });
}

/** Each problem once when it begins, and one line when all is well again. */
function tellTrouble(cli: Cli, { trouble }: State, report: SyncReport): void {
  const had = trouble.size > 0;
  const now = new Set<string>(report.problems.map(({ code }) => code));
  for (const problem of report.problems) {
    if (trouble.has(problem.code)) continue;
    if (cli.globals.json) cli.line({ event: "problem", problem: problemJson(problem) }, "");
    else cli.say(problemWords(problem));
  }
  trouble.clear();
  for (const code of now) trouble.add(code);
  if (!had || now.size > 0) return;
  if (cli.globals.json) cli.line({ event: "connected" }, "");
  else cli.say("Connected again; nothing was lost.");
}

function eventText(event: WatchEvent, now: number): string {
  switch (event.kind) {
    case "device":
      return `your device ${named(event.device.name)}: ${event.device.state === "live" ? "in use" : event.device.state}`;
    case "recovery":
      return noticesWords([event.notice]);
    case "recovered":
      return progressWords(event.progress);
    case "trustee":
      return `trustee of ${named(event.trusteeship.petname)}: ${event.trusteeship.askedAgain === undefined ? trusteeshipWords[event.trusteeship.state] : "they ask whether you are still willing"}; \`photon trustee\` tells more`;
    case "case":
      return `somebody recovers in the name of ${named(event.trusteeship.petname)}: ${caseLine(event.case, now)}; \`photon trustee status\` tells what to look out for`;
    case "message":
    case "state":
    case "contact":
    case "succession":
    case "change":
      return contactEventText(event, now);
  }
}

function contactEventText(event: Extract<WatchEvent, { readonly contact: Contact }>, now: number): string {
  const { petname, id, state } = event.contact;
  const who = petname === "" ? id : petname;
  switch (event.kind) {
    case "message":
      return `${event.message.from === "me" ? `(to ${shown(who, { limit: 64 })}) ` : ""}${messageText(event.message, who, now)}`;
    case "state":
      return `to ${named(who)}: ${messageStateWords[event.state]}`;
    case "contact":
      return `${named(who)}: ${stateWords[state]}`;
    case "succession":
      return successionWords(event.contact, now);
    case "change":
      return `${named(who)} ${shown(event.change.words)}; \`photon contacts history\` shows the proof`;
  }
}
