import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Attempt, cliError } from "../failure.ts";
import { shown } from "../output/shown.ts";
import { type ServiceFiles, serviceFiles } from "../service/plan.ts";

const defaultMinutes = "10";

interface InstallOptions {
  readonly watch?: boolean;
  readonly every: string;
}

export function serviceCommands(program: Command, run: Run): void {
  const service = declare(program, {
    name: "service",
    summary: "let this machine sync by itself",
    description:
      "Has this machine fetch and send regularly while you are logged in: a user timer of systemd, or a launch agent on macOS. Nothing runs as administrator.",
    examples: [["photon service status", "is it set up, and does it run"]],
  });
  declare(service, {
    name: "install",
    summary: "set it up and start it",
    description:
      "Writes the service for this profile and starts it. With --watch it stays connected, and messages come at once; else it syncs every few minutes. --dry-run prints the files.",
    examples: [
      ["photon service install", "sync every ten minutes"],
      ["photon service install --watch", "stay connected"],
      ["photon service install --dry-run", "see what would be written"],
    ],
  })
    .option("--watch", "stay connected instead of syncing now and then")
    .option("--every <minutes>", "minutes between two syncs", defaultMinutes)
    .action(async (options: InstallOptions) => run((cli) => install(cli, options)));
  declare(service, {
    name: "uninstall",
    summary: "stop it and remove it",
    description: "Stops the service of this profile and removes its files. Your profile is not touched.",
    examples: [["photon service uninstall", "sync only when you run a command"]],
  }).action(async () => run(uninstall));
  declare(service, {
    name: "status",
    summary: "whether it is set up and runs",
    description: "Says whether the service of this profile is set up, and whether the system runs it.",
    examples: [["photon service status --json", "for a script: {installed, active, files}"]],
  }).action(async () => run(status));
}

async function install(cli: Cli, { watch = false, every }: InstallOptions): Attempt<Answer> {
  const minutes = /^[1-9][0-9]{0,3}$/u.test(every) ? Number(every) : undefined;
  if (minutes === undefined) return err(cliError("usage", "--every takes minutes, from 1 to 9999"));
  const plan = serviceFiles(cli.world, watch ? "watch" : "sync", minutes);
  if (!plan.ok) return plan;
  const { folder, files, unit, manager, all } = plan.value;
  const paths = Object.keys(files).map((name) => join(folder, name));
  if (cli.globals.dryRun) {
    const text = Object.entries(files).map(([name, content]) => `# ${join(folder, name)}\n${content}`);
    return ok(
      answer({
        json: { dryRun: true, files: prefixed(folder, files), unit },
        data: text.join("\n").trimEnd(),
        words: "Nothing was written.",
        next: "Run it again without --dry-run to set it up.",
      }),
    );
  }
  if (!cli.world.home.present()) return noProfile(cli);
  // A change of mode must not leave the other one running.
  await stop(cli, plan.value);
  for (const name of all) await rm(join(folder, name), { force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
  const started = await start(cli, plan.value);
  if (started !== undefined)
    return err(
      cliError(
        "service-failed",
        started,
        `The files are in ${shown(folder)}. Log in to a desktop or with \`loginctl enable-linger\`, then run this again.`,
      ),
    );
  return ok(
    answer({
      json: { installed: true, active: true, files: paths, unit },
      words: `${watch ? "This machine stays connected" : `This machine syncs every ${minutes === 1 ? "minute" : `${minutes} minutes`}`} while you are logged in. ${manager === "systemd" ? "systemd" : "launchd"} runs it as ${shown(unit)}.`,
      next: "`photon service status` shows whether it runs; `photon service uninstall` removes it.",
    }),
  );
}

/** The failure that opening would give, without a lock on a folder that is not there. */
async function noProfile(cli: Cli): Attempt<never> {
  const opened = await cli.world.home.open(0, "offline");
  if (!opened.ok) return opened;
  await opened.value.close();
  return err(cliError("folder-unusable", shown(cli.world.home.folder)));
}

const prefixed = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content]));

async function uninstall(cli: Cli): Attempt<Answer> {
  const plan = serviceFiles(cli.world, "sync", 1);
  if (!plan.ok) return plan;
  const paths = installedPaths(plan.value);
  if (cli.globals.dryRun)
    return cli.would(
      paths.length === 0
        ? "remove nothing, as no service is set up"
        : `stop the service and remove ${paths.map((path) => shown(path)).join(" and ")}`,
    );
  await stop(cli, plan.value);
  for (const path of paths) await rm(path, { force: true });
  if (plan.value.manager === "systemd") await runTool(cli, "systemctl", ["--user", "daemon-reload"]);
  return ok(
    answer({
      json: { installed: false, removed: paths },
      words:
        paths.length === 0
          ? "No service was set up for this profile."
          : "The service is stopped and removed. Your profile is as it was.",
      next: "`photon sync` fetches and sends by hand.",
    }),
  );
}

async function status(cli: Cli): Attempt<Answer> {
  const plan = serviceFiles(cli.world, "sync", 1);
  if (!plan.ok) return plan;
  const paths = installedPaths(plan.value);
  const active = paths.length > 0 && (await isActive(cli, plan.value));
  const words =
    paths.length === 0
      ? "No service is set up for this profile."
      : active
        ? "The service is set up and runs."
        : "The service is set up, but does not run.";
  return ok(
    answer({
      json: { installed: paths.length > 0, active, files: paths },
      data: paths.map((path) => shown(path)).join("\n"),
      words,
      next:
        paths.length === 0
          ? "`photon service install` sets it up."
          : active
            ? "`photon service uninstall` removes it."
            : "`photon service install` starts it again.",
    }),
  );
}

const installedPaths = ({ folder, all }: ServiceFiles): string[] =>
  all.map((name) => join(folder, name)).filter((path) => existsSync(path));

async function start(cli: Cli, { manager, unit, folder }: ServiceFiles): Promise<string | undefined> {
  if (manager === "launchd") return runTool(cli, "launchctl", ["load", "-w", join(folder, `${unit}.plist`)]);
  const reloaded = await runTool(cli, "systemctl", ["--user", "daemon-reload"]);
  return reloaded ?? runTool(cli, "systemctl", ["--user", "enable", "--now", unit]);
}

/** What was not running cannot be stopped, and that is well. */
async function stop(cli: Cli, plan: ServiceFiles): Promise<void> {
  for (const path of installedPaths(plan)) {
    if (plan.manager === "launchd") await runTool(cli, "launchctl", ["unload", "-w", path]);
    else await runTool(cli, "systemctl", ["--user", "disable", "--now", path.slice(plan.folder.length + 1)]);
  }
}

async function isActive(cli: Cli, plan: ServiceFiles): Promise<boolean> {
  if (plan.manager === "launchd") return (await runTool(cli, "launchctl", ["list", plan.unit])) === undefined;
  for (const name of plan.all)
    if ((await runTool(cli, "systemctl", ["--user", "is-active", "--quiet", name])) === undefined) return true;
  return false;
}

/** Why it failed, or undefined if it did not. */
function runTool(cli: Cli, tool: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(tool, words, { timeout: 20_000, signal: cli.world.cancel }, (error, _, stderr) => {
      resolve(error === null ? undefined : `${tool}: ${stderr.trim().split("\n")[0] || String(error.code ?? error.message)}`);
    });
  });
}
