import type { Command } from "commander";
import type { PhotonError } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Attempt, cliError, needsNetwork, nothingKept } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { plural } from "../output/time.ts";
import { problemJson, problemWords } from "../pass.ts";
import type { Progress } from "../progress.ts";
import { defaultRelay, serverOrigin } from "../relay-address.ts";
import type { JoiningProfile, OpenProfile } from "../world.ts";

interface Options {
  readonly relay?: string;
  readonly vault?: readonly string[];
  readonly device?: string;
  readonly join?: readonly string[];
}

/** Milliseconds between two looks for the other device's reply. */
const pollEvery = 400;

export function initCommand(program: Command, run: Run): void {
  const command = declare(program, {
    name: "init",
    summary: "begin on this device",
    description:
      "Makes a profile in this machine's profile folder: a new person with this as the first device, or, with --join, one more device of yours. " +
      `The relay is the server that holds what others send you until you fetch it; it can read none of it. Without --relay it is ${defaultRelay}, where \`photon serve\` listens on this machine: good for trying Photon, but other people reach you only through a relay that they can reach too.`,
    examples: [
      ["photon init --relay https://relay.example", "begin as a new person, with a relay that others can reach"],
      ["photon init --join CODE", "add this device; CODE is what `photon devices add` shows on your other device"],
      ["PHOTON_HOME=~/photon-try photon init", "begin in a folder of its own, beside your real profile"],
    ],
  });
  command
    .option("--relay <url>", "the relay for what others send you")
    .option(
      "--vault <url>",
      "a vault for your encrypted backup (default: the relay's address); may be given up to three times",
      (url: string, before: readonly string[] | undefined) => [...(before ?? []), url],
    )
    .option("--device <name>", "what to call this device (default: this machine's name)")
    .option("--join <code...>", "join the devices you have; needs the code that `photon devices add` shows there")
    .action(async (options: Options) => run((cli) => init(cli, options)));
}

async function init(cli: Cli, options: Options): Attempt<Answer> {
  if (cli.globals.offline) return err(needsNetwork("a profile is made with its relay, which --offline does not ask"));
  const device = options.device ?? machineName(cli.world.hostname);
  if (options.join !== undefined) return joinDevices(cli, device, options.join.join(" "));
  if (cli.ask === undefined || options.relay !== undefined) return begin(cli, device, options.relay ?? defaultRelay, options.vault);
  const door = await cli.ask.choose("Welcome to Photon. Which of these are you?", [
    { value: "new", label: "I am new", hint: "make a profile on this device" },
    { value: "before", label: "I have used Photon before", hint: "add this device to the ones I have" },
    { value: "hosted", label: "I have no device of my own", hint: "let a host keep my keys" },
  ]);
  if (door === "new") return askAndBegin(cli, device, options);
  if (door === "before") return askAndJoin(cli, device);
  return door === undefined
    ? err(cliError("interrupted"))
    : err(
        cliError(
          "not-supported",
          "this version cannot use a host yet",
          "Begin on a device of your own, or ask someone you trust to lend you one.",
        ),
      );
}

async function askAndBegin(cli: Cli, device: string, options: Options): Attempt<Answer> {
  const relay = await cli.need(undefined, "Which relay shall hold what others send you?", "--relay", defaultRelay);
  if (!relay.ok) return relay;
  const name = await cli.need(options.device, "What do you want to call this device?", "--device", device);
  return name.ok ? begin(cli, name.value, relay.value, options.vault) : name;
}

async function askAndJoin(cli: Cli, device: string): Attempt<Answer> {
  cli.say("On a device that you still have, run `photon devices add`. It shows a code.");
  const code = await cli.need(undefined, "What does it show?", "--join");
  return code.ok ? joinDevices(cli, device, code.value) : code;
}

async function begin(cli: Cli, device: string, relayTyped: string, vaultsTyped: readonly string[] = []): Attempt<Answer> {
  const relay = serverOrigin(relayTyped, "relay");
  if (!relay.ok) return relay;
  const vaults: string[] = [];
  for (const typed of vaultsTyped.length === 0 ? [relay.value] : vaultsTyped) {
    const vault = serverOrigin(typed, "vault");
    if (!vault.ok) return vault;
    vaults.push(vault.value);
  }
  const [vault = relay.value, ...moreVaults] = new Set(vaults);
  const { folder } = cli.world.home;
  if (cli.globals.dryRun)
    return cli.would(`make a profile in ${shown(folder)} for the device ${named(device)}, with the relay ${relay.value}`);
  const created = await cli.world.home.create({ device, relay: relay.value, vault, moreVaults });
  if (!created.ok)
    return err(
      nothingKept(created.error, "No profile was made. Check the relay's address and the network, then run `photon init` again."),
    );
  await created.value.close();
  return ok(
    answer({
      json: { profile: folder, device, relay: relay.value, vault, vaults: [vault, ...moreVaults] },
      words: `You have a profile, in ${shown(folder)}. This device is ${named(device)}; its keys are made here and never leave it.`,
      next: "`photon meet` invites the first person; `photon devices add` adds another device of yours.",
    }),
  );
}

async function joinDevices(cli: Cli, device: string, code: string): Attempt<Answer> {
  if (cli.globals.dryRun) return cli.would(`add this device as ${named(device)}, in ${shown(cli.world.home.folder)}`);
  const started = await cli.world.home.join({ device, code });
  if (!started.ok)
    return err(nothingKept(started.error, "Nothing was made here. Check the network, then run `photon init --join` again."));
  cli.say("Waiting for your other device, on which `photon devices add` has to go on running.");
  const progress = cli.progress("Waiting for your other device");
  const joining = await untilJoined(cli, started.value, progress);
  progress.end();
  if (joining.ok) return joined(cli, joining.value);
  await started.value.close();
  return joining;
}

interface Joined {
  readonly profile: OpenProfile;
  /** Parts of the backup that could not be read. */
  readonly problems: readonly PhotonError[];
}

/** What passes by itself, and is waited for like the other device. */
const passing: ReadonlySet<string> = new Set(["relay-unreachable", "vault-unreachable"]);

async function untilJoined(cli: Cli, joining: JoiningProfile, progress: Progress): Attempt<Joined> {
  const patience = joinPatience(cli);
  let waited = 0;
  while (!cli.world.cancel.aborted) {
    const step = await joining.poll();
    if (step.ok && step.value.state === "joined") return ok(step.value);
    if (step.ok && step.value.state === "restoring") {
      progress.at(step.value.progress, "Fetching your relationships and history");
      continue;
    }
    if (!step.ok && !passing.has(step.error.code)) return step;
    if (waited >= patience)
      return step.ok
        ? err(photonError("code-expired", `your other device has not replied for ${plural(patience / 1000, "second")}`))
        : step;
    await cli.world.pause(pollEvery);
    waited += pollEvery;
  }
  return err(cliError("interrupted"));
}

/** How long the other device is waited for, in milliseconds: it may have a large backup to bring up to date first. */
function joinPatience(cli: Cli): number {
  const said = cli.world.env["PHOTON_JOIN_WAIT"];
  return said !== undefined && /^[0-9]{1,5}$/u.test(said) ? Number(said) * 1000 : 180_000;
}

async function joined(cli: Cli, { profile, problems }: Joined): Attempt<Answer> {
  // Its own name may have been taken.
  const device = profile.engine.deviceName;
  try {
    const contacts = await profile.engine.contacts();
    if (!contacts.ok) return contacts;
    const count = contacts.value.length;
    return ok(
      answer({
        json: {
          joined: true,
          profile: cli.world.home.folder,
          device,
          contacts: count,
          ...(problems.length === 0 ? {} : { problems: problems.map(problemJson) }),
        },
        words: `This device, ${named(device)}, is one of yours now. ${count === 0 ? "You know nobody yet." : `It knows the ${count === 1 ? "one person" : `${count} people`} you know; they see that you added a device.`}${problems.map((problem) => `\n${problemWords(problem)}`).join("")}`,
        next:
          count === 0
            ? "`photon meet` invites the first person."
            : "`photon contacts` lists them; `photon read NAME` shows a conversation.",
        exit: problems.length === 0 ? 0 : 3,
      }),
    );
  } finally {
    await profile.close();
  }
}

/** The machine's name as a device name: its first label, visible characters only. */
export function machineName(hostname: string): string {
  const label = (hostname.split(".")[0] ?? "").replaceAll(/[^\p{L}\p{N} _-]/gu, "").slice(0, 64);
  return label === "" ? "device" : label;
}
