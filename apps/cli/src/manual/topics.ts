/** What `photon help TOPIC` explains besides commands. Plain text, 80 columns. The same words go into the man page. */
import { exits } from "../exit.ts";

export interface Topic {
  readonly name: string;
  readonly title: string;
  /** Paragraphs; a paragraph that begins with two spaces is kept as it is. */
  readonly text: readonly string[];
}

const exitLines = Object.values(exits).map(({ code, words }) => `  ${String(code).padStart(3)}  ${words}`);

export const topics: readonly Topic[] = [
  {
    name: "exit-codes",
    title: "Exit codes",
    text: ["Every command ends with one of these. Scripts may rely on them.", exitLines.join("\n")],
  },
  {
    name: "scripting",
    title: "Scripting",
    text: [
      "With --json a command prints exactly one object on standard output, with a `schema` number. Commands that stay (watch, serve, meet --wait, devices add, recover trustees --wait) print one object a line. A failure is an object too: {schema, error: {code, message, remedy, detail}}, with the exit code of that failure.",
      "With --no-input nothing is ever asked: what is missing is a usage error, exit code 2. Naming a device to `devices retire`, or a person and their code to `trustee approve`, is then enough; other acts that cannot be undone want --yes.",
      "Times are ISO 8601 in UTC. If something could not be sent or fetched, the object also has `pending` and `problems`, and the exit code is 3.",
      "Characters that a terminal might act on are written as \\u escapes; the values are unchanged.",
    ],
  },
  {
    name: "recovery",
    title: "Losing everything, and coming back",
    text: [
      "Before: `photon plan trustees set NAME NAME NAME` asks people you know to be your trustees. Once all of them hold a share, some of them together can bring you back. Write down how to reach them without Photon.",
      "When everything is lost: `photon recover` lists every way back. With trustees it is `photon recover trustees` on a new device; you speak the code that it shows to each of them, and `photon sync` goes on with it. If you remember no address, a trustee reads you words (`photon trustee help`) that stand in for one.",
      "As a trustee: reach the person yourself, on a channel that you already had, before you type any code. Urgency, secrecy, a new number, somebody who speaks for them: these are what a scam looks like. `photon trustee decline` is quiet.",
      "If somebody recovers in your name and it is not you: `photon contest`, on any device that you still have; then call your trustees. An objection does not decide, it makes the bar higher and the wait longer.",
      "If somebody you know was recovered: what they write is marked until you have made sure and said so with `photon contacts confirm`, or with `photon contacts refuse`.",
    ],
  },
  {
    name: "secrets",
    title: "Secrets",
    text: [
      "A passphrase is never an argument, as other programs on the machine can read those. Without a terminal, set one of:",
      [
        "  PHOTON_SECRET_FD       the number of an open file descriptor",
        "  PHOTON_SECRET_FILE     a file that only you can read",
        "  PHOTON_SECRET_COMMAND  a command that prints it, such as a password manager's",
      ].join("\n"),
      "One newline at the end is not part of it. Setting two of them is refused.",
    ],
  },
  {
    name: "environment",
    title: "Environment",
    text: [
      [
        "  PHOTON_HOME        the profile's folder (default: photon in XDG_DATA_HOME, or",
        "                     ~/.local/share/photon)",
        "  PHOTON_LOCK_WAIT   seconds to wait while another command uses the profile (15)",
        "  PHOTON_JOIN_WAIT   seconds that `photon init --join` waits for the other device (180)",
        "  PHOTON_SECRET_…    where a passphrase comes from; see `photon help secrets`",
        "  PHOTON_SERVE_…     settings of the server, such as PHOTON_SERVE_LISTEN_PORT",
        "  PHOTON_DEBUG       if set, a mistake of Photon's own is shown with its trace",
        "  NO_COLOR           if set, no colour",
      ].join("\n"),
    ],
  },
  {
    name: "files",
    title: "Files",
    text: [
      "A profile is one folder, readable to you alone: `profile.db` holds what this device knows, encrypted; `device.key` holds the keys that never leave it; `lock.db` and `lock-turn.db` keep two commands apart. Copying the folder to another machine does not make a second device: add one with `photon devices add`.",
    ],
  },
];
