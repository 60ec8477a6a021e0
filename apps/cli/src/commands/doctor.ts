import type { Command } from "commander";
import type { Device, Engine } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Finding, fine, problem, warning } from "../doctor/finding.ts";
import { examineFolder } from "../doctor/folder.ts";
import { examineServer } from "../doctor/servers.ts";
import type { Exit } from "../exit.ts";
import type { Attempt, Failure } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { ago, plural } from "../output/time.ts";
import type { OpenProfile } from "../world.ts";

/** Milliseconds. */
const lockWait = 1_500;

export function doctorCommand(program: Command, run: Run): void {
  declare(program, {
    name: "doctor",
    summary: "find out what is wrong",
    description:
      "Looks at the profile's folder and who may read it, the lock, the database, the clock, the relay and the vault, and what waits to be done. It changes nothing. Each finding comes with what to do about it.",
    examples: [
      ["photon doctor", "when something does not work"],
      ["photon doctor --json", "for a script: {findings: [{check, state, words, remedy}]}"],
    ],
  }).action(async () => run(doctor));
}

async function doctor(cli: Cli): Attempt<Answer> {
  const { home, platform } = cli.world;
  const findings = await examineFolder(home.folder, platform);
  let exit: Exit = 0;
  if (!home.present()) {
    // Where the folder is not there, or none, that is said already.
    if (findings.every(({ check, state }) => check !== "folder" || state === "ok"))
      findings.push(
        problem(
          "profile",
          "There is no profile in this folder.",
          "Run `photon init`, or point PHOTON_HOME at the profile you mean.",
        ),
      );
    exit = 10;
  } else {
    const database = await home.checkDatabase();
    findings.push(database.ok ? fine("database", "The database is whole.") : failureFinding("database", database.error));
    if (database.ok) {
      const opened = await examineProfile(cli, findings);
      if (opened === "locked") exit = 11;
      if (opened === "recovering") exit = 20;
      if (opened === "empty") exit = 10;
    }
  }
  return ok(report(cli, findings, exit));
}

const failureFinding = (check: string, { message, detail, remedy }: Failure): Finding =>
  problem(check, detail === "" ? message : `${message} (${shown(detail, { limit: 300 })})`, remedy);

/** What would end another command is a finding here. */
async function openForExamination(cli: Cli): Attempt<OpenProfile> {
  try {
    return await cli.world.home.open(lockWait, "offline");
  } catch (error) {
    const known = await cli.world.home.explain(error);
    if (known === undefined) throw error;
    return err(known);
  }
}

async function examineProfile(cli: Cli, findings: Finding[]): Promise<"open" | "locked" | "closed" | "recovering" | "empty"> {
  const opened = await openForExamination(cli);
  if (!opened.ok) {
    const { code, message, remedy } = opened.error;
    if (code === "recovery-waiting") {
      findings.push(warning("profile", message, remedy));
      return "recovering";
    }
    findings.push(failureFinding(code === "profile-locked" ? "lock" : "profile", opened.error));
    if (code === "profile-locked") return "locked";
    return code === "no-profile" ? "empty" : "closed";
  }
  try {
    const { engine } = opened.value;
    findings.push(
      fine("lock", "No other process holds the profile."),
      fine("profile", `The profile opens; this device is ${named(engine.deviceName)}.`),
    );
    const vault = await examineEngine(cli, engine, findings);
    if (!cli.globals.offline) {
      findings.push(...(await examineServer(engine.relay, "relay", cli.world.now, fetch)));
      // The same server tells the same time once.
      if (vault !== undefined)
        findings.push(
          ...(await examineServer(vault, "vault", cli.world.now, fetch)).filter(
            ({ check }) => vault !== engine.relay || check !== "clock",
          ),
        );
    }
    return "open";
  } finally {
    await opened.value.close();
  }
}

function deviceFinding(devices: readonly Device[]): Finding {
  if (devices.some(({ state, thisOne }) => thisOne && state === "retired"))
    return failureFinding("devices", photonError("device-retired"));
  const live = devices.filter(({ state }) => state === "live").length;
  return live < 2
    ? warning("devices", "This is your only device.", "`photon devices add` adds another, so that losing this one loses nothing.")
    : fine("devices", `You have ${plural(live, "device")}.`);
}

/** @returns the vault's origin. */
async function examineEngine(cli: Cli, engine: Engine, findings: Finding[]): Promise<string | undefined> {
  const devices = await engine.devices();
  findings.push(devices.ok ? deviceFinding(devices.value) : failureFinding("devices", devices.error));
  const contacts = await engine.contacts();
  if (!contacts.ok) findings.push(failureFinding("contacts", contacts.error));
  else {
    const waiting = contacts.value.filter(({ state }) => state === "confirm").length;
    const frozen = contacts.value.filter(({ state }) => state === "frozen" || state === "contested").length;
    if (waiting > 0)
      findings.push(
        warning(
          "contacts",
          `${plural(waiting, "person waits", "people wait")} for you to confirm them.`,
          "`photon contacts` shows who.",
        ),
      );
    if (frozen > 0)
      findings.push(
        warning(
          "contacts",
          `${plural(frozen, "relationship is", "relationships are")} disputed.`,
          "`photon contacts history NAME` shows why; speak with the person.",
        ),
      );
    if (waiting + frozen === 0)
      findings.push(fine("contacts", `You know ${plural(contacts.value.length, "person", "people")}; nobody waits for you.`));
  }
  const backup = await engine.backupStatus();
  if (!backup.ok) {
    findings.push(failureFinding("backup", backup.error));
    return undefined;
  }
  const { pendingChanges, archivedAt, vault } = backup.value;
  if (pendingChanges > 0)
    findings.push(
      warning("backup", `${plural(pendingChanges, "change waits", "changes wait")} for the backup.`, "`photon sync` stores them."),
    );
  else
    findings.push(
      fine(
        "backup",
        archivedAt === undefined
          ? "There is nothing to back up yet."
          : `The backup is up to date (${ago(archivedAt, cli.world.now())}).`,
      ),
    );
  return vault;
}

function report(cli: Cli, findings: readonly Finding[], profileExit: Exit): Answer {
  const problems = findings.filter(({ state }) => state === "problem").length;
  const warnings = findings.filter(({ state }) => state === "warning").length;
  const exit = profileExit !== 0 ? profileExit : problems > 0 ? 1 : 0;
  const marks = { ok: "ok      ", warning: cli.style.warn("warning "), problem: cli.style.warn("problem ") } as const;
  return answer({
    json: {
      healthy: problems === 0,
      findings: findings.map(({ check, state, words, remedy }) => ({ check, state, words, remedy })),
    },
    data: findings
      .map(({ state, words, remedy }) => `${marks[state]}${words}${remedy === "" ? "" : `\n        ${remedy}`}`)
      .join("\n"),
    words:
      problems > 0
        ? `${plural(problems, "problem")} found.`
        : warnings > 0
          ? "Everything works; some things deserve a look."
          : "All is well.",
    next:
      problems > 0 ? "do what is said below each problem, then run `photon doctor` again." : "`photon contacts` shows what is new.",
    exit,
  });
}
