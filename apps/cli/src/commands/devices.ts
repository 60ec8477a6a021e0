import type { Command } from "commander";
import type { Device, DeviceAdmission, Engine, RetireReport } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, oneOf, type Run } from "../command.ts";
import { type Attempt, cliError, needsNetwork, nothingKept } from "../failure.ts";
import type { JsonObject } from "../output/json.ts";
import { named, shown } from "../output/shown.ts";
import { table } from "../output/table.ts";
import { ago, instant, localTime, plural } from "../output/time.ts";
import { type Pass, withLeftovers, withProfile } from "../pass.ts";
import { noticesNext, noticesWords } from "../recovery-view.ts";
import { inBursts, type Looked } from "../waiting.ts";

const reasons = ["lost", "taken", "gone"] as const;
type Reason = (typeof reasons)[number];

const retiredHere = photonError("device-retired");

/** Milliseconds between two looks for the other device's answer … */
const pollEvery = 400;
/** … and at most between two at what it sent since. */
const placeEvery = 2_000;

export function devicesCommands(program: Command, run: Run): void {
  const devices = declare(program, {
    name: "devices",
    summary: "your own devices",
    description: "Lists your devices, adds one, and locks out one that you have lost. Alone it lists them.",
    examples: [["photon devices", "what you have, and when each was last heard of"]],
  });
  declare(devices, {
    name: "list",
    isDefault: true,
    summary: "all your devices",
    description: "Lists your devices, those that were retired included.",
    examples: [["photon devices --json", "for a script: {devices: [{name, state, lastSeen, thisOne}]}"]],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => list(cli, extra)));
  declare(devices, {
    name: "add",
    summary: "add another device of yours",
    description:
      "Shows a code (a relay's name and twelve words) for `photon init --join CODE` on the new device, and stays until that has your relationships and history. The people you know see that you added a device.",
    examples: [["photon devices add", "then type the code on the new device"]],
  }).action(async () => run(add));
  declare(devices, {
    name: "retire",
    summary: "lock out a device",
    description:
      "Locks a device out everywhere: it can read nothing that is written from now on, and nobody accepts what it writes. Every relationship gets new keys; the people you know see that you retired a device. This cannot be undone; a device that turns up again is added anew.",
    examples: [
      ["photon devices retire phone", "the phone is lost"],
      ["photon devices retire phone --reason taken", "somebody else has it"],
    ],
  })
    .argument("<device>", "the name that `photon devices` shows")
    .addOption(
      oneOf("--reason <reason>", "lost: you cannot find it; taken: somebody has it; gone: you gave it up", reasons).default("lost"),
    )
    .action(async (device: string, options: { readonly reason: Reason }) => run((cli) => retire(cli, device, options.reason)));
}

async function list(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const meant = noSuchCommand("devices", extra);
  if (!meant.ok) return meant;
  const listing = async ({ engine }: Pass): Attempt<Answer> => {
    const devices = await engine.devices();
    if (!devices.ok) return devices;
    const notices = await engine.recoveryNotices();
    if (!notices.ok) return notices;
    const live = devices.value.filter(({ state }) => state === "live").length;
    const isRetired = devices.value.some(({ state, thisOne }) => thisOne && state === "retired");
    return ok(
      answer({
        json: { devices: devices.value.map(deviceJson) },
        data: deviceTable(cli, devices.value),
        words: [
          noticesWords(notices.value),
          isRetired ? `${retiredHere.message} ${retiredHere.remedy}` : "",
          live === 1 && !isRetired
            ? "This is your only device. If you lose it, what you have is lost with it, unless trustees bring you back (`photon plan trustees`)."
            : "",
        ]
          .filter((line) => line !== "")
          .join("\n"),
        next:
          noticesNext(notices.value) ??
          (isRetired
            ? "`photon devices retire NAME`, with the name of the one that is in other hands."
            : live === 1
              ? "`photon devices add` adds another."
              : "`photon devices retire NAME` locks out one that you have lost."),
      }),
    );
  };
  return withProfile(cli, listing, { evenRetired: true });
}

const deviceJson = ({
  name,
  state,
  lastSeen,
  thisOne,
}: Device): { name: string; state: string; lastSeen: string; thisOne: boolean } => ({
  name,
  state,
  lastSeen: instant(lastSeen),
  thisOne,
});

function deviceTable(cli: Cli, devices: readonly Device[]): string {
  const now = cli.world.now();
  const rows = devices.map(({ name, state, lastSeen, thisOne }) => [
    shown(name, { limit: 40 }),
    state === "live" ? "in use" : state,
    thisOne ? "this one" : ago(lastSeen, now),
  ]);
  return table(["name", "state", "last seen"], rows, cli.style);
}

async function add(cli: Cli): Attempt<Answer> {
  if (cli.globals.offline) return err(needsNetwork("two devices find each other at the relay, which --offline does not ask"));
  let begun: DeviceAdmission | undefined;
  const answered = await withProfile(cli, async ({ engine }) => {
    if (cli.globals.dryRun) return cli.would("show a code for another device of yours, and wait for it");
    const admission = await engine.addDevice();
    if (!admission.ok)
      return err(nothingKept(admission.error, "No code was made. Check the network, then run `photon devices add` again."));
    begun = admission.value;
    return ok(answer({ json: undefined, words: "", next: "" }));
  });
  return answered.ok && begun !== undefined ? admit(cli, begun) : answered;
}

/** A stream of two lines: the code, then the device that joined. The profile is free until the other device has answered. */
async function admit(cli: Cli, admission: DeviceAdmission): Attempt<Answer> {
  cli.line({ code: admission.code, expires: instant(admission.expires) }, cli.style.bold(shown(admission.code)));
  cli.say(
    `On the new device run \`photon init --join\` with this code after it. The code works while this command runs, until ${localTime(admission.expires, cli.world.now())}. Show it to nobody else.`,
  );
  const progress = cli.progress("Waiting for the new device");
  try {
    const answered = await untilAnswered(cli, admission);
    if (!answered.ok) return answered;
    progress.at(undefined, "The new device is fetching your relationships");
    const joining = await inBursts(cli, async ({ engine }): Attempt<Looked<Answer>> => {
      const again = await engine.addDevice(admission);
      const step = again.ok ? await again.value.poll() : again;
      if (!step.ok) return step;
      if (step.value.state === "joined") return joined(cli, engine, step.value.device ?? "");
      return ok({ kind: "again", gaveWay: false, away: false, news: true, within: placeEvery });
    });
    if (joining.ok && joining.value !== undefined) return ok(joining.value);
    return err(
      joining.ok || joining.error.code === "interrupted"
        ? cliError("interrupted", "the new device is being added", "`photon sync`, here and there, goes on with it.")
        : joining.error,
    );
  } finally {
    progress.end();
  }
}

/** Asks the relay alone. A code that nobody has used when the waiting ends is good for nothing more. */
async function untilAnswered(cli: Cli, admission: DeviceAdmission): Attempt<void> {
  while (!cli.world.cancel.aborted && cli.world.now() < admission.expires) {
    const answered = await admission.isAnswered();
    if (answered.ok && answered.value) return ok(undefined);
    // A relay that is away for a moment may be back before the new device is there.
    if (!answered.ok && answered.error.code !== "relay-unreachable") return answered;
    await cli.world.pause(pollEvery);
  }
  await admission.withdraw();
  return err(
    cli.world.cancel.aborted
      ? cliError("interrupted", "no device was added", "Run `photon devices add` again for a new code.")
      : photonError("code-expired", "no device has used it"),
  );
}

async function joined(cli: Cli, engine: Engine, device: string): Attempt<Looked<Answer>> {
  const synced = await engine.sync({ signal: cli.world.cancel });
  if (!synced.ok) return synced;
  cli.line({ joined: device }, "");
  const done = answer({
    json: undefined,
    words: `${named(device)} is one of your devices now. It has your relationships and history; the people you know see that you added a device.`,
    next: "`photon devices` lists them.",
  });
  return ok({ kind: "done", value: withLeftovers(done, synced.value) });
}

async function retire(cli: Cli, device: string, reason: Reason): Attempt<Answer> {
  const retiring = async (pass: Pass): Attempt<Answer> => {
    const known = await deviceNamed(pass.engine, device);
    if (!known.ok) return known;
    if (cli.globals.dryRun) return cli.would(`lock out the device ${named(device)} (${reason}) in every relationship, for good`);
    const sure = await cli.confirmByName(device, `This locks out ${named(device)} for good, in every relationship.`, {
      unattended: true,
    });
    if (!sure.ok) return sure;
    const progress = cli.progress(`Locking out ${named(device)}`);
    const report = await pass.engine.retire(device, reason);
    progress.end();
    if (!report.ok) return report;
    const flushed = await pass.flush("long");
    if (!flushed.ok) return flushed;
    return ok(pass.isRetired ? objected(report.value) : retired(cli, report.value));
  };
  return withProfile(cli, retiring, { evenRetired: true });
}

const retireJson = ({ retired: device, relationships }: RetireReport): JsonObject => ({
  retired: device,
  relationships: relationships.map(({ petname, state }) => ({ petname, state })),
});

/** It was the other one that retired this device. With the people they know both are frozen, if they hear of it in time. */
function objected(report: RetireReport): Answer {
  const device = named(report.retired);
  return answer({
    json: retireJson(report),
    words: `You have objected: ${device} said that this device is gone, and this device says the same of ${device}. Who hears both within 72 hours accepts neither of them for now; this device goes on without ${device}.`,
    next: "call the people you know, on a channel that you already had, and tell them which device is yours. `photon contacts` shows who has heard.",
  });
}

/** Asks for nothing about a device that is not there; the engine's own failure names the list. */
async function deviceNamed(engine: Engine, name: string): Attempt<Device | undefined> {
  const devices = await engine.devices();
  return devices.ok ? ok(devices.value.find((device) => device.name === name)) : devices;
}

const relationshipWords = {
  pending: "not yet; it goes out with the next sync",
  "re-keyed": "new keys are on their way",
  acknowledged: "they have moved with you",
} as const satisfies Record<RetireReport["relationships"][number]["state"], string>;

function retired(cli: Cli, report: RetireReport): Answer {
  const { retired: device, relationships } = report;
  const rows = relationships.map(({ petname, state }) => [shown(petname, { limit: 40 }), relationshipWords[state]]);
  const open = relationships.filter(({ state }) => state !== "acknowledged").length;
  return answer({
    json: retireJson(report),
    data: rows.length === 0 ? "" : table(["relationship", "new keys"], rows, cli.style),
    words: `${named(device)} is locked out. It can read nothing that is written from now on, and nobody accepts what it writes. What it had already read, it may still have.${
      open === 0
        ? ""
        : ` ${plural(open, "person has", "people have")} yet to take the new keys; nothing that you write is readable to the old device meanwhile.`
    }`,
    next: open === 0 ? "`photon devices` lists what you have left." : "`photon sync` goes on with it.",
  });
}
