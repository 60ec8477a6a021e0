import type { Command } from "commander";
import { photonError } from "@photon/engine/errors";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, type Run } from "../command.ts";
import { type Attempt, cliError, type Failure, needsNetwork, nothingKept } from "../failure.ts";
import type { JsonObject } from "../output/json.ts";
import { named, shown } from "../output/shown.ts";
import { lockPatience, problemWords, withProfile } from "../pass.ts";
import { showQr } from "../qr.ts";
import { advance, type Advanced, syncOpened } from "../recovering.ts";
import { progressNext, progressWords, recoveredJson, stepJson, stepNext, stepWords } from "../recovery-view.ts";
import { defaultRelay, serverOrigin } from "../relay-address.ts";
import type { RecoveringProfile } from "../world.ts";
import { machineName } from "./init.ts";

interface Options {
  readonly relay?: string;
  readonly from?: readonly string[];
  readonly device?: string;
  readonly wait?: boolean;
}

/** Milliseconds between two looks for answers: at first, at most while people type, and at most while the delay runs. */
const pauses = { first: 2_000, collecting: 15_000, waiting: 60_000 } as const;

export function recoverCommands(program: Command, run: Run): void {
  const recover = declare(program, {
    name: "recover",
    summary: "come back after losing everything",
    description:
      "For the day on which your devices are gone. Alone it lists every way back, and what each needs. It works without a profile.",
    examples: [["photon recover", "every way back, and what it needs"]],
  });
  declare(recover, {
    name: "list",
    isDefault: true,
    summary: "every way back, and what it needs",
    description: "Lists every way back to your relationships, what each needs and gives, and what to type.",
    examples: [["photon recover --json", "for a script: {routes: [{route, needs, gives, commands}]}"]],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => list(cli, extra)));
  declare(recover, {
    name: "trustees",
    summary: "let people who know you bring you back",
    description:
      "Makes a request on this new device and shows it at once: a code (a relay's name and twelve words) that you speak to each of your trustees, and what to say. When enough have approved it and the delay of your plan has passed, your relationships and conversations come back. Run it again in the same folder to see the same code and how it stands; `photon sync` goes on with it. A request that too few have approved in thirty days is over, and the next one is made in its place.",
    examples: [
      ["photon recover trustees --relay https://relay.example", "with any relay that your trustees can reach"],
      [
        "photon recover trustees --from relay.example word1 word2 … word12",
        "you remember no address: with words that a trustee read to you",
      ],
      ["photon recover trustees --json", "for a script: {request, spoken, script}; `photon sync` goes on with it"],
    ],
  })
    .option("--relay <url>", "where the request is laid down: any relay that you and your trustees can reach")
    .option("--from <words...>", "words of a trustee (`photon trustee help`), instead of a relay")
    .option("--device <name>", "what to call this device (default: this machine's name)")
    .option("--wait", "stay until you are back, and show each step")
    .action(async (options: Options) => run((cli) => trustees(cli, options)));
  declare(recover, {
    name: "heard",
    summary: "type the three words that a trustee read back",
    description:
      "After approving, a trustee reads three words back to you. Typed here they say that you have spoken with whoever gave that answer; from the first on, only trustees whose words you have typed are counted, so that one who means ill cannot answer for many.",
    examples: [["photon recover heard river candle orbit", "what Ben read back"]],
  })
    .argument("<words...>", "three words")
    .action(async (words: readonly string[]) => run((cli) => heard(cli, words.join(" "))));
  declare(recover, {
    name: "status",
    summary: "how your recovery stands",
    description:
      "Looks for answers, and shows how many trustees have approved, when the delay ends, and, once your relationships are back, who of the people you know has taken this device. The exit code is 20 while people are waited for.",
    examples: [["photon recover status", "on the new device"]],
  }).action(async () => run(status));
}

interface Route {
  readonly route: string;
  readonly title: string;
  readonly needs: string;
  readonly gives: string;
  readonly does: string;
  readonly commands: readonly string[];
}

const routes: readonly Route[] = [
  {
    route: "circle",
    title: "Another device of yours",
    needs: "one device of yours that still works",
    gives: "everything, within minutes",
    does: "`photon devices add` there, then `photon init --join CODE` here",
    commands: ["photon devices add", "photon init --join CODE"],
  },
  {
    route: "trustees",
    title: "People who know you",
    needs: "as many of your trustees as your plan asks for, who recognise you; nothing that you would have to remember",
    gives: "everything, after the delay of your plan (48 hours, unless you chose another)",
    does: "`photon recover trustees --relay URL`; if you know no relay, `--from` with words that a trustee reads to you (`photon trustee help`)",
    commands: ["photon recover trustees"],
  },
  {
    route: "export",
    title: "A file that you exported",
    needs: "a file that `photon export relationships` wrote, and its passphrase",
    gives: "names and history alone; you meet everyone again, with new keys",
    does: "`photon init`, then `photon import FILE`, then `photon meet`",
    commands: ["photon init", "photon import FILE", "photon meet"],
  },
  {
    route: "new",
    title: "None of these",
    needs: "nothing",
    gives: "a new beginning: to the people you know you are somebody new, and nobody can open your backup, its operator included",
    does: "`photon init`, then `photon meet`; should a device or a trustee turn up later, come back with them in an empty folder",
    commands: ["photon init", "photon meet"],
  },
];

async function list(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const meant = noSuchCommand("recover", extra);
  if (!meant.ok) return meant;
  const here = await whatIsHere(cli);
  return ok(
    answer({
      json: { routes: routes.map(({ route, needs, gives, commands }) => ({ route, needs, gives, commands })) },
      data: routes
        .map(({ title, needs, gives, does }) => `${cli.style.bold(title)}\n  needs  ${needs}\n  gives  ${gives}\n  do     ${does}`)
        .join("\n"),
      words: [
        "A passphrase for your backup does not bring you back by itself in this version.",
        here === "profile"
          ? "There is a profile in this folder already: these are for a device that has none, or for another folder (PHOTON_HOME)."
          : "",
        here === "recovery" ? "In this folder a recovery by trustees is under way." : "",
      ]
        .filter((line) => line !== "")
        .join("\n"),
      next:
        here === "recovery"
          ? "`photon recover status` shows how it stands."
          : "take the first that you have what it needs for; nothing is lost by trying.",
    }),
  );
}

async function whatIsHere(cli: Cli): Promise<"nothing" | "profile" | "recovery"> {
  if (!cli.world.home.present()) return "nothing";
  const resumed = await cli.world.home.resume(0);
  if (!resumed.ok || resumed.value === undefined) return "profile";
  await resumed.value.close();
  return resumed.value.isOver ? "nothing" : "recovery";
}

async function trustees(cli: Cli, options: Options): Attempt<Answer> {
  if (options.relay !== undefined && options.from !== undefined)
    return err(cliError("usage", "--relay and --from are two ways to say the same", "Give one of them."));
  const { home } = cli.world;
  const resumed = home.present() ? await home.resume(lockPatience(cli)) : ok(undefined);
  if (!resumed.ok) return resumed;
  if (resumed.value !== undefined && !resumed.value.isOver) return again(cli, resumed.value, options);
  await resumed.value?.close();
  if (cli.globals.offline) return err(needsNetwork("nobody can be asked with --offline"));
  const relay = await layingPlace(cli, options);
  if (!relay.ok) return relay;
  const device = options.device ?? machineName(cli.world.hostname);
  if (cli.globals.dryRun) return cli.would(`ask your trustees to bring you back, on this device as ${named(device)}`);
  const begun = await home.recover({ device, relay: relay.value });
  if (!begun.ok)
    return err(
      nothingKept(begun.error, "Nothing was begun. Run it again with --relay and the address of a relay that can be reached."),
    );
  if (options.wait === true) return stay(cli, begun.value, relay.value);
  await begun.value.close();
  return shownRequest(cli, begun.value, [relayWords(relay.value)], {});
}

/** An address, or the words of a trustee, as the engine takes either. */
async function layingPlace(cli: Cli, { relay, from }: Options): Promise<Result<string, Failure>> {
  if (from !== undefined) return ok(from.join(" "));
  if (relay !== undefined) return serverOrigin(relay, "relay");
  if (cli.ask === undefined || cli.globals.json) return ok(defaultRelay);
  const typed = await cli.need(
    undefined,
    "Which relay shall hold the request? Any that your trustees can reach; or the words that one of them reads to you",
    "--relay",
    defaultRelay,
  );
  if (!typed.ok) return typed;
  return /\s/u.test(typed.value.trim()) ? ok(typed.value.trim()) : serverOrigin(typed.value, "relay");
}

const relayWords = (relay: string): string =>
  relay === defaultRelay
    ? "The request lies at a relay on this machine: trustees elsewhere cannot reach it. If that is not what you want, begin again in an empty folder with --relay or --from."
    : "";

const requestJson = ({ request, spoken, script }: RecoveringProfile): JsonObject => ({ request, spoken, script });

const requestText = (cli: Cli, { request, spoken }: RecoveringProfile): string =>
  `${cli.style.bold(shown(spoken))}\n${shown(request, { limit: 4_000 })}`;

const scriptWords = ({ script }: RecoveringProfile): string =>
  [
    "Speak the first line to each of your trustees, in person or on a call, and to nobody else. They type it after `photon trustee approve`.",
    ...(script.length === 0 ? [] : ["How to ask them:", ...script.map((line) => `  ${shown(line, { limit: 400 })}`)]),
  ].join("\n");

async function shownRequest(
  cli: Cli,
  recovering: RecoveringProfile,
  words: readonly string[],
  more: JsonObject,
  next = "`photon sync` looks for their answers and goes on with it; `photon recover trustees --wait` stays.",
): Attempt<Answer> {
  await showQr(cli, recovering.request);
  return ok(
    answer({
      json: { ...requestJson(recovering), ...more },
      data: requestText(cli, recovering),
      words: [scriptWords(recovering), ...words].filter((line) => line !== "").join("\n"),
      next,
    }),
  );
}

/** In a folder in which it was begun before: the same request, and how it stands. */
async function again(cli: Cli, recovering: RecoveringProfile, { wait = false, relay, from }: Options): Attempt<Answer> {
  const elsewhere =
    relay === undefined && from === undefined
      ? ""
      : "It was begun here before, and stays at the relay that it names. To begin at another one, point PHOTON_HOME at an empty folder.";
  if (cli.globals.offline || cli.globals.dryRun) {
    await recovering.close();
    return shownRequest(cli, recovering, [], {});
  }
  if (wait) return stay(cli, recovering, "");
  const advanced = await advance(cli, recovering);
  if (!advanced.ok) return elsewhere === "" ? advanced : err({ ...advanced.error, remedy: elsewhere });
  if (advanced.value.kind === "recovered") return syncOpened(cli, advanced.value.profile, advanced.value.problems);
  const { step } = advanced.value;
  return shownRequest(cli, recovering, [elsewhere, stepWords(step, cli.world.now())], { recovery: stepJson(step) }, stepNext(step));
}

/**
 * A stream: the request at once, a line for each change, and what `photon sync` prints when it is over. Between two looks the
 * lock is free.
 */
async function stay(cli: Cli, begun: RecoveringProfile, relay: string): Attempt<Answer> {
  let next: RecoveringProfile | undefined = begun;
  try {
    await showQr(cli, begun.request);
    cli.line(requestJson(begun), requestText(cli, begun));
    cli.say(
      [scriptWords(begun), relayWords(relay), "Ctrl-C stops the waiting, not the recovery."]
        .filter((line) => line !== "")
        .join("\n"),
    );
    const told: Told = { step: "", trouble: "" };
    let pause: number = pauses.first;
    while (!cli.world.cancel.aborted) {
      const looking = look(cli, next);
      next = undefined;
      const advanced = await looking;
      if (advanced.ok && advanced.value === undefined) return await backAlready(cli);
      if (advanced.ok && advanced.value?.kind === "recovered")
        return await syncOpened(cli, advanced.value.profile, advanced.value.problems);
      const news = tell(cli, advanced, told);
      if (!news.ok) return news;
      const isCollecting = advanced.ok && advanced.value?.kind === "open" && advanced.value.step.state === "collecting";
      pause = news.value ? pauses.first : Math.min(2 * pause, isCollecting ? pauses.collecting : pauses.waiting);
      await cli.world.pause(pause);
    }
    return err(cliError("interrupted", "the request stays as it is", "`photon sync` goes on with it."));
  } finally {
    await next?.close();
  }
}

interface Told {
  step: string;
  /** Code of the problem that was told and still lasts. */
  trouble: string;
}

async function look(cli: Cli, begun: RecoveringProfile | undefined): Attempt<Advanced | undefined> {
  if (begun !== undefined) return advance(cli, begun);
  const resumed = await cli.world.home.resume(lockPatience(cli));
  if (!resumed.ok || resumed.value === undefined) return resumed.ok ? ok(undefined) : resumed;
  return advance(cli, resumed.value);
}

/** What passes by itself, and is told once. */
const passing: ReadonlySet<string> = new Set(["relay-unreachable", "vault-unreachable", "profile-locked"]);

/** @returns whether there was something new. */
function tell(cli: Cli, advanced: Result<Advanced | undefined, Failure>, told: Told): Result<boolean, Failure> {
  if (!advanced.ok) {
    if (!passing.has(advanced.error.code)) return advanced;
    if (told.trouble !== advanced.error.code) cli.say(problemWords(advanced.error));
    told.trouble = advanced.error.code;
    return ok(false);
  }
  told.trouble = "";
  if (advanced.value?.kind !== "open") return ok(false);
  const json = stepJson(advanced.value.step);
  const text = JSON.stringify(json);
  if (text === told.step) return ok(false);
  told.step = text;
  cli.line({ recovery: json }, stepWords(advanced.value.step, cli.world.now()));
  return ok(true);
}

/** Another command has finished it meanwhile. */
async function backAlready(cli: Cli): Attempt<Answer> {
  const opened = await cli.world.home.open(lockPatience(cli));
  return opened.ok ? syncOpened(cli, opened.value, []) : opened;
}

async function heard(cli: Cli, words: string): Attempt<Answer> {
  const { home } = cli.world;
  const resumed = home.present() ? await home.resume(lockPatience(cli)) : ok(undefined);
  if (!resumed.ok) return resumed;
  if (resumed.value === undefined) return err(photonError("no-recovery"));
  const recovering = resumed.value;
  const fits = await recovering.heard(words);
  await recovering.close();
  if (!fits.ok) return fits;
  return ok(
    answer({
      json: { matched: fits.value },
      words: fits.value
        ? "These are the words of a trustee who has approved. From now on only those are counted whose words you have typed."
        : "No answer is here that these words fit. They are kept, in case it is still on its way. If you are not sure of a word, ask again; if you are, and nothing comes, have them approve once more: that sends their answer again.",
      next: "`photon recover status` shows how it stands.",
      exit: fits.value ? 0 : 20,
    }),
  );
}

async function status(cli: Cli): Attempt<Answer> {
  const { home } = cli.world;
  if (!home.present()) return err(photonError("no-recovery"));
  const resumed = await home.resume(lockPatience(cli));
  if (!resumed.ok) return resumed;
  if (resumed.value === undefined) return statusAfter(cli);
  const { request, spoken } = resumed.value;
  if (cli.globals.offline || cli.globals.dryRun) {
    await resumed.value.close();
    const words = "A recovery by trustees is under way here; without the network there is no more to say.";
    return ok(answer({ json: { request, spoken, recovery: null }, words, next: "`photon recover status`, online.", exit: 20 }));
  }
  const advanced = await advance(cli, resumed.value);
  if (!advanced.ok) return advanced;
  if (advanced.value.kind === "recovered") return syncOpened(cli, advanced.value.profile, advanced.value.problems);
  const { step } = advanced.value;
  return ok(
    answer({
      json: { request, spoken, recovery: stepJson(step) },
      words: stepWords(step, cli.world.now()),
      next: stepNext(step),
      exit: 20,
    }),
  );
}

/** On a device that has its relationships back. */
async function statusAfter(cli: Cli): Attempt<Answer> {
  return withProfile(cli, async ({ engine }) => {
    const progress = await engine.recoveryProgress();
    if (!progress.ok) return progress;
    if (progress.value === undefined) return err(photonError("no-recovery"));
    return ok(
      answer({
        json: { recovery: recoveredJson(progress.value) },
        words: progressWords(progress.value),
        next: progressNext(progress.value),
        exit: progress.value.phase === "signing" ? 20 : 0,
      }),
    );
  });
}
