import type { ServerConfig } from "@photon/server";
import type { Command } from "commander";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { type Attempt, cliError, type Failure } from "../failure.ts";
import { serverFolder } from "../home.ts";
import type { Json } from "../output/json.ts";
import { shown } from "../output/shown.ts";

interface Options {
  readonly check?: boolean;
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly data?: string;
  readonly roles?: string;
  readonly logLevel?: string;
  readonly set?: readonly string[];
}

export function serveCommand(program: Command, run: Run): void {
  declare(program, {
    name: "serve",
    summary: "run a relay and a vault",
    description:
      "Runs the servers: a relay, which holds what people send each other until it is fetched, and a vault, which holds encrypted backups. Both in one process, on this machine only unless told otherwise. They learn no names, no messages, and not who knows whom. Every setting can come from a JSON file, from PHOTON_SERVE_… variables, or from --set; the later wins. Its log goes to standard error. A request to end (Ctrl-C, SIGTERM) finishes what was accepted first.",
    examples: [
      ["photon serve", "for trying Photon on this machine"],
      ["photon serve --host 0.0.0.0 --port 7740 --data /srv/photon", "for others, behind a proxy that adds TLS"],
      ["photon serve --check", "print the configuration, secrets hidden, and start nothing"],
    ],
  })
    .option("--check", "print the configuration with secrets hidden, and start nothing")
    .option("--config <file>", "a JSON file with settings")
    .option("--host <address>", "the address to listen at (default: 127.0.0.1, this machine only)")
    .option("--port <number>", "the port to listen at; 0 for any free one (default: 7740)")
    .option("--data <folder>", "where the data is kept (default: photon-server in the data directory)")
    .option("--roles <list>", "relay, vault, or both with a comma (default: both)")
    .option("--log-level <level>", "silent, error, warn, info or debug")
    .option("--set <setting...>", "any other setting, such as relay.retentionDays=14")
    .action(async (options: Options) => run((cli) => serve(cli, options)));
}

async function serve(cli: Cli, options: Options): Attempt<Answer> {
  const flags = flagsOf(options);
  if (!flags.ok) return flags;
  const { describeConfig, parseConfig } = await import("@photon/server");
  const { env } = cli.world;
  // Without any word on it, data goes where the system keeps data, not into whatever folder this was started in.
  const data =
    options.data ?? (options.config === undefined && (env["PHOTON_SERVE_DATA"] ?? "") === "" ? serverFolder(env) : undefined);
  const config = parseConfig({ file: options.config, env, flags: { ...flags.value, data } });
  if (!config.ok) return err(cliError("bad-config", `${config.error.key}: ${config.error.detail}`));
  if (options.check === true || cli.globals.dryRun) {
    const text = describeConfig(config.value);
    return ok(
      answer({
        json: { config: JSON.parse(text) as Json },
        data: shown(text, { lines: "many", limit: 100_000 }),
        words: "The configuration is usable. Nothing was started.",
        next: "`photon serve` with the same options starts it.",
      }),
    );
  }
  return serveUntilCancelled(cli, config.value);
}

async function serveUntilCancelled(cli: Cli, config: ServerConfig): Attempt<Answer> {
  const { startServer, FolderInUse, NewerDatabase } = await import("@photon/server");
  const { cancel, stderr } = cli.world;
  const started = await startServer(config, { logTo: { write: (line) => stderr.write(line) } }).then(ok, (error: unknown) => {
    const failure = error instanceof FolderInUse ? cliError("data-in-use", shown(config.data)) : startFailure(error, NewerDatabase);
    if (failure === undefined) throw error;
    return err(failure);
  });
  if (!started.ok) return started;
  const server = started.value;
  cli.line({ event: "listening", url: server.url, port: server.port, roles: config.roles, data: config.data }, server.url);
  cli.say(
    `${roleWords(config.roles)} at ${server.url}; the data is in ${shown(config.data)}. Ctrl-C ends it.\nNext: \`photon init --relay ${server.url}\` makes a profile that uses it.`,
  );
  await new Promise<void>((resolve) => {
    if (cancel.aborted) resolve();
    else cancel.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  if (cli.globals.json) cli.line({ event: "stopped" }, "");
  return ok(
    answer({
      json: undefined,
      words: "The server has stopped; everything it accepted is on disk.",
      next: "`photon serve` starts it again.",
    }),
  );
}

function roleWords(roles: readonly string[]): string {
  return roles.length === 2 ? "A relay and a vault listen" : `A ${roles[0] ?? "server"} listens`;
}

function startFailure(error: unknown, newer: new (...args: never[]) => Error): Failure | undefined {
  if (error instanceof newer)
    return cliError("bad-config", error.message, "Update Photon on this server, then start it again. Nothing was changed.");
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "EADDRINUSE":
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return cliError("port-taken", code);
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "ENOSPC":
      return cliError("file-unwritable", `${code}, for the server's data or its port`);
    case "SQLITE_NOTADB":
    case "SQLITE_CORRUPT":
      return cliError(
        "bad-config",
        `the server's database is damaged (${code})`,
        "Put back the last good copy of the data folder; the old one may help whoever looks into it.",
      );
    default:
      return undefined;
  }
}

function flagsOf(
  options: Options,
): { readonly ok: true; readonly value: Record<string, string | undefined> } | { readonly ok: false; readonly error: Failure } {
  const flags: Record<string, string | undefined> = {
    "listen.host": options.host,
    "listen.port": options.port,
    roles: options.roles,
    "log.level": options.logLevel,
  };
  for (const setting of options.set ?? []) {
    const at = setting.indexOf("=");
    if (at < 1) return err(cliError("usage", "--set takes NAME=VALUE", "`photon serve --check` lists the names."));
    flags[setting.slice(0, at)] = setting.slice(at + 1);
  }
  return ok(flags);
}
