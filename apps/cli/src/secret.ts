/**
 * Where a passphrase comes from: never from an argument, which other programs on the machine can read.
 *
 * | source                  | what it is                                           |
 * | ----------------------- | ---------------------------------------------------- |
 * | `PHOTON_SECRET_FD`      | the number of an open file descriptor, read to its end |
 * | `PHOTON_SECRET_FILE`    | a file                                               |
 * | `PHOTON_SECRET_COMMAND` | a command line; what it prints, such as a password manager's |
 * | a question              | on a terminal, unless `--no-input`                   |
 *
 * One newline at the end is not part of the secret. More than one source set is refused, so that it is never a guess which one counts.
 */
import { execFile } from "node:child_process";
import { closeSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { err, ok, type Result } from "@photon/protocol/codec";
import type { Cli } from "./cli.ts";
import { type Attempt, cliError, type Failure } from "./failure.ts";

const variables = ["PHOTON_SECRET_FD", "PHOTON_SECRET_FILE", "PHOTON_SECRET_COMMAND"] as const;
type Variable = (typeof variables)[number];

/** Bytes; far more than anyone types. */
const maxSecret = 4096;
/** Milliseconds that a command may take; a password manager may have to ask. */
const commandPatience = 120_000;

/**
 * @param purpose completes "Passphrase …", such as "for the exported file".
 * @param options.twice ask twice on a terminal: for a new passphrase.
 */
export async function readSecret(cli: Cli, purpose: string, options: { readonly twice: boolean }): Attempt<string> {
  const set = variables.filter((name) => (cli.world.env[name] ?? "") !== "");
  const [source] = set;
  if (set.length > 1) return err(cliError("secret-unreadable", `${set.join(" and ")} are both set; set one`));
  if (source !== undefined) return fromVariable(source, cli.world.env[source] ?? "", cli);
  return cli.ask === undefined ? err(cliError("secret-needed", purpose)) : fromPerson(cli, purpose, options.twice);
}

async function fromPerson(cli: Cli, purpose: string, twice: boolean): Attempt<string> {
  const { ask } = cli;
  if (ask === undefined) return err(cliError("secret-needed", purpose));
  const first = await ask.secret(`Passphrase ${purpose}`);
  if (first === undefined) return err(cliError("interrupted"));
  if (!twice) return usable(first, "it");
  const second = await ask.secret("The same once more");
  if (second === undefined) return err(cliError("interrupted"));
  return first === second ? usable(first, "it") : err(cliError("secret-mismatch"));
}

async function fromVariable(source: Variable, value: string, cli: Cli): Attempt<string> {
  switch (source) {
    case "PHOTON_SECRET_FD":
      return fromDescriptor(value);
    case "PHOTON_SECRET_FILE":
      return fromFile(value, cli);
    case "PHOTON_SECRET_COMMAND":
      return fromCommand(value, cli);
  }
}

function fromDescriptor(value: string): Result<string, Failure> {
  if (!/^[0-9]{1,4}$/u.test(value)) return err(cliError("secret-unreadable", "PHOTON_SECRET_FD is not a number"));
  const descriptor = Number(value);
  const buffer = Buffer.alloc(maxSecret + 2);
  let length = 0;
  try {
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(descriptor, buffer, length, buffer.length - length, null);
    closeSync(descriptor);
  } catch (error) {
    return err(cliError("secret-unreadable", `descriptor ${value}: ${systemCode(error)}`));
  }
  return decoded(buffer.subarray(0, length), "the descriptor");
}

async function fromFile(path: string, cli: Cli): Attempt<string> {
  try {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if (cli.world.platform !== "win32" && (mode & 0o077) !== 0) {
        cli.say("Others on this machine may read the file with the passphrase. `chmod 600` keeps it to you.");
      }
      const buffer = Buffer.alloc(maxSecret + 2);
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      return decoded(buffer.subarray(0, bytesRead), "the file");
    } finally {
      await file.close();
    }
  } catch (error) {
    return err(cliError("secret-unreadable", `PHOTON_SECRET_FILE: ${systemCode(error)}`));
  }
}

function fromCommand(command: string, cli: Cli): Attempt<string> {
  const [shell, flag] = cli.world.platform === "win32" ? ["cmd.exe", "/c"] : ["/bin/sh", "-c"];
  const options = { encoding: "buffer", maxBuffer: maxSecret + 2, timeout: commandPatience, signal: cli.world.cancel } as const;
  return new Promise((resolve) => {
    execFile(shell, [flag, command], options, (error, stdout) => {
      // Neither the command line nor what it printed is repeated: either may hold the secret.
      if (error === null) resolve(decoded(stdout, "the command's answer"));
      else if (cli.world.cancel.aborted) resolve(err(cliError("interrupted")));
      else resolve(err(cliError("secret-unreadable", `PHOTON_SECRET_COMMAND failed with ${String(error.code ?? "a time-out")}`)));
    });
  });
}

function decoded(raw: Uint8Array, what: string): Result<string, Failure> {
  try {
    return usable(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw).replace(/\r?\n$/u, ""), what);
  } catch {
    return err(cliError("secret-unreadable", `${what} is not text`));
  }
}

function usable(secret: string, what: string): Result<string, Failure> {
  if (secret === "") return err(cliError("secret-unreadable", `${what} is empty`));
  if (Buffer.byteLength(secret) > maxSecret) return err(cliError("secret-unreadable", `${what} is longer than ${maxSecret} bytes`));
  if (/[\r\n\0]/u.test(secret)) return err(cliError("secret-unreadable", `${what} has more than one line`));
  return ok(secret);
}

const systemCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
