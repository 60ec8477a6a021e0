import type { Command } from "commander";
import type { RecoveryNotice } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, oneOf, type Run } from "../command.ts";
import { type Attempt, cliError, type Failure } from "../failure.ts";
import { withProfile } from "../pass.ts";
import { noticeJson, noticeLine, noticesWords, requestNamed } from "../recovery-view.ts";

const reasons = ["not-me", "still-here"] as const;
type Reason = (typeof reasons)[number];

interface Options {
  readonly request?: string;
  readonly reason?: Reason;
}

export function contestCommand(program: Command, run: Run): void {
  declare(program, {
    name: "contest",
    summary: "object to a recovery in your name",
    description:
      "On a device that you still have: objects to every recovery in your name that is open, with your trustees and with everyone you know. An objection does not decide: more of your trustees then have to approve, knowing of it, and a week longer passes. So a thief who has your phone cannot lock you out with it, and trustees cannot act in silence.",
    examples: [
      ["photon contest", "it is not you"],
      ["photon contest --reason still-here", "it was meant for you, but this device is still yours"],
      ["photon contest --request 3f9a --reason not-me", "one of several"],
    ],
  })
    .option("--request <id>", "only this one; its first characters are enough")
    .addOption(
      oneOf("--reason <reason>", "not-me: you know nothing of it (default); still-here: you still have this device", reasons),
    )
    .action(async (options: Options) => run((cli) => contest(cli, options)));
}

async function contest(cli: Cli, options: Options): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    const known = await engine.recoveryNotices();
    if (!known.ok) return known;
    if (cli.globals.dryRun) return cli.would("object to what is under way in your name, with your trustees and everyone you know");
    const open = known.value.filter(({ contested }) => !contested);
    if (options.request === undefined && open.length === 0) return nothingOpen(known.value);
    const reason = options.reason === undefined ? await askReason(cli, open) : ok(options.reason);
    if (!reason.ok) return reason;
    const request = options.request === undefined ? {} : { request: requestNamed(known.value, options.request) };
    const done = await engine.contest({ ...request, reason: reason.value });
    if (!done.ok) return done;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: { recoveries: done.value.map(noticeJson) },
        words: [
          "You have objected. From now on more of your trustees have to approve, with your objection before them, and a week longer passes.",
          ...done.value.map(noticeLine),
        ].join("\n"),
        next: "call your trustees, on a channel that you already had, and tell them that it is not you.",
      }),
    );
  });
}

function nothingOpen(known: readonly RecoveryNotice[]): Result<Answer, Failure> {
  if (known.length === 0) return err(photonError("no-notice"));
  return ok(
    answer({
      json: { recoveries: known.map(noticeJson) },
      words: noticesWords(known),
      next: "call your trustees, on a channel that you already had; a second objection changes nothing.",
    }),
  );
}

/** Nobody objects by mistake to what they do themselves on another device. */
async function askReason(cli: Cli, open: readonly RecoveryNotice[]): Promise<Result<Reason, Failure>> {
  if (cli.ask === undefined || cli.globals.json || cli.globals.yes) return ok("not-me");
  cli.say(noticesWords(open));
  const choice = await cli.ask.choose("Is that you?", [
    { value: "not-me", label: "No, I know nothing of it", hint: "object" },
    { value: "still-here", label: "It was meant for me, but I still have this device", hint: "object" },
    { value: "me", label: "Yes, that is me", hint: "leave it be" },
  ]);
  if (choice === undefined) return err(cliError("interrupted", "nothing was sent"));
  const reason = reasons.find((one) => one === choice);
  return reason === undefined ? err(cliError("not-confirmed", "it is you")) : ok(reason);
}
