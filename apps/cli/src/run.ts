/** From arguments to an exit code: parses, runs one command, and sees that every ending is told in the form that was asked for. */
import { type Command, CommanderError } from "commander";
import { Cli, type Globals, type Handler } from "./cli.ts";
import { children } from "./command.ts";
import { cliError, type Failure } from "./failure.ts";
import { shown } from "./output/shown.ts";
import { buildProgram } from "./program.ts";
import type { World } from "./world.ts";

/** @param argv the arguments alone, without the program. Never throws. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  let exit = 0;
  let talk = "";
  const program: Command = buildProgram(async (handler) => {
    exit = await perform(new Cli(world, globalsOf(program)), handler);
  });
  configure(program, world, (text) => {
    talk += text;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return ended(error, talk, argv, world);
    return new Cli(world, guessGlobals(argv)).fail(await bugOf(error, world));
  }
}

async function perform(cli: Cli, handler: Handler): Promise<number> {
  try {
    const result = await handler(cli);
    if (result.ok) return cli.finish(result.value);
    return cli.fail(
      cli.world.cancel.aborted && result.error.exit !== 130 ? cliError("interrupted", result.error.message) : result.error,
    );
  } catch (error) {
    if (cli.world.cancel.aborted) return cli.fail(cliError("interrupted"));
    return cli.fail(await bugOf(error, cli.world));
  }
}

async function bugOf(thrown: unknown, world: World): Promise<Failure> {
  const known = await world.home.explain(thrown);
  if (known !== undefined) return known;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const debugging = (world.env["PHOTON_DEBUG"] ?? "") !== "";
  return cliError("bug", debugging ? (error.stack ?? error.message) : error.message);
}

interface RawOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly input?: boolean;
  readonly dryRun?: boolean;
  readonly offline?: boolean;
  readonly yes?: boolean;
  readonly color?: boolean;
}

function globalsOf(program: Command): Globals {
  const {
    json = false,
    quiet = false,
    input = true,
    dryRun = false,
    offline = false,
    yes = false,
    color = true,
  } = program.opts<RawOptions>();
  return { json, quiet, input, dryRun, offline, yes, color };
}

/** For failures before the arguments could be read. */
function guessGlobals(argv: readonly string[]): Globals {
  const end = argv.indexOf("--");
  const said = new Set(end < 0 ? argv : argv.slice(0, end));
  const has = (flag: string): boolean => said.has(flag);
  return {
    json: has("--json"),
    quiet: has("--quiet") || has("-q"),
    input: !has("--no-input"),
    dryRun: has("--dry-run"),
    offline: has("--offline"),
    yes: has("--yes") || has("-y"),
    color: !has("--no-color"),
  };
}

function configure(command: Command, world: World, keep: (text: string) => void): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => {
      world.stdout.write(text);
    },
    writeErr: keep,
    getOutHelpWidth: () => Math.min(100, world.stdout.columns),
    getErrHelpWidth: () => Math.min(100, world.stderr.columns),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) configure(child.copyInheritedSettings(command), world, keep);
}

/** Commander's endings: help and version are answers, everything else is a usage error in our own words. */
function ended(error: CommanderError, talk: string, argv: readonly string[], world: World): number {
  const cli = new Cli(world, guessGlobals(argv));
  switch (error.code) {
    case "commander.helpDisplayed":
    case "commander.version":
      return 0;
    case "commander.help":
      // No subcommand was given: Commander has written the help as talk.
      if (!cli.globals.json) world.stderr.write(talk);
      return cli.globals.json ? cli.fail(cliError("usage", "no command was given")) : 2;
    default:
      return cli.fail(cliError("usage", usageDetail(error.message), remedyFor(argv)));
  }
}

function usageDetail(message: string): string {
  const [first = "", ...rest] = message.replace(/^error: /u, "").split("\n");
  return shown([first, ...rest.map((line) => line.trim())].filter((line) => line !== "").join(" "), { limit: 300 });
}

/** Points at the help of the command that was meant, as far as it can be told. */
function remedyFor(argv: readonly string[]): string | undefined {
  const typed = argv.filter((word) => !word.startsWith("-"));
  let command: Command = buildProgram(async () => undefined);
  const found: string[] = [];
  for (const word of typed) {
    const next = children(command).find((child) => child.name() === word);
    if (next === undefined) break;
    command = next;
    found.push(word);
  }
  return found.length === 0 ? undefined : `\`photon help ${found.join(" ")}\` explains it, with examples.`;
}
