/** Failures of the command line itself; those of the engine are in `@photon/engine`. Each code once, with its words. */
import type { PhotonError } from "@photon/engine";
import type { Result } from "@photon/protocol/codec";

export const cliErrors = {
  usage: { exit: 2, message: "That command was not understood.", remedy: "`photon help` lists the commands, with examples." },
  "input-needed": {
    exit: 2,
    message: "Something is missing, and there is nobody to ask.",
    remedy: "Give it as an option, or run the command on a terminal without --no-input.",
  },
  "not-confirmed": {
    exit: 1,
    message: "Nothing was done, as it was not confirmed.",
    remedy: "Run the command again if you do want it.",
  },
  "secret-needed": {
    exit: 2,
    message: "A passphrase is needed, and there is nobody to ask.",
    remedy: "Set PHOTON_SECRET_FILE, PHOTON_SECRET_COMMAND or PHOTON_SECRET_FD; see `photon help secrets`.",
  },
  "secret-unreadable": {
    exit: 2,
    message: "The passphrase could not be read.",
    remedy: "Check what the PHOTON_SECRET_… variable names; see `photon help secrets`.",
  },
  "secret-mismatch": {
    exit: 2,
    message: "The two passphrases differ.",
    remedy: "Run the command again and type the same one twice.",
  },
  "file-exists": {
    exit: 1,
    message: "There is already a file of that name.",
    remedy: "Choose another name, or add --force to replace it.",
  },
  "file-unreadable": { exit: 1, message: "The file cannot be read.", remedy: "Check its name and who may read it." },
  "file-unwritable": {
    exit: 1,
    message: "The file cannot be written.",
    remedy: "Check the folder, who may write there, and the free space.",
  },
  "folder-unusable": {
    exit: 1,
    message: "The profile's folder cannot be used.",
    remedy: "Check who owns it, or point PHOTON_HOME at a folder of yours.",
  },
  "bad-config": {
    exit: 2,
    message: "The server's configuration is not usable.",
    remedy: "Correct the named setting, then try `photon serve --check`.",
  },
  "port-taken": {
    exit: 1,
    message: "The server could not listen at that address.",
    remedy: "Stop what listens there, or choose another with --port or --host.",
  },
  "data-in-use": {
    exit: 1,
    message: "Another server uses that data folder.",
    remedy: "Stop that one first, or give this one a folder of its own with --data.",
  },
  "service-failed": {
    exit: 1,
    message: "The background service could not be set up.",
    remedy: "See the detail; `photon service install --dry-run` shows the files.",
  },
  "not-supported": { exit: 1, message: "That is not available on this system.", remedy: "See `photon help` for what is." },
  interrupted: { exit: 130, message: "Interrupted.", remedy: "What was confirmed is kept; run the command again to go on." },
  bug: {
    exit: 1,
    message: "Photon made a mistake of its own.",
    remedy: "Nothing that was confirmed is lost. Please report it with the detail; PHOTON_DEBUG=1 shows more.",
  },
} as const satisfies Record<string, { exit: number; message: string; remedy: string }>;

export type CliErrorCode = keyof typeof cliErrors;

export interface CliError {
  readonly code: CliErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** What exactly, without secrets; may be empty. */
  readonly detail: string;
  readonly exit: number;
}

export type Failure = PhotonError | CliError;
export type Attempt<T> = Promise<Result<T, Failure>>;

/** For what cannot be done at all without asking a server. @param what such as "an invitation is laid down at the relay". */
export const needsNetwork = (what: string): CliError => cliError("usage", what, "Leave out --offline.");

/** Where nothing is kept that a later sync could send, an unreachable relay is told with what to do instead. */
export const nothingKept = (failure: Failure, remedy: string): Failure =>
  failure.code === "relay-unreachable" ? { ...failure, remedy } : failure;

export function cliError(code: CliErrorCode, detail = "", remedy?: string): CliError {
  const entry = cliErrors[code];
  return { code, detail, exit: entry.exit, message: entry.message, remedy: remedy ?? entry.remedy };
}
