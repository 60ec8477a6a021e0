import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { ExportKind, ImportReport } from "@photon/engine";
import { asBytes, type Bytes, err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { argumentOf, declare, oneOf, type Run } from "../command.ts";
import { type Attempt, cliError } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { readSecret } from "../secret.ts";

const what = ["contacts", "relationships"] as const;
type What = (typeof what)[number];
const formats = ["vcard", "jscontact"] as const;
type Format = (typeof formats)[number];

/** Bytes; what is larger is no export of ours. */
const maxImport = 1_073_741_824;

interface ExportOptions {
  readonly to: string;
  readonly format?: Format;
  readonly force?: boolean;
}

export function transferCommands(program: Command, run: Run): void {
  declare(program, {
    name: "export",
    summary: "write what you have to a file",
    description:
      "Writes your contacts (names only), or your relationships with their conversations, to a file of your own. Neither holds a key that could act as you. The file is encrypted with a passphrase in the age format, and the stock `age` program opens it as well.",
    examples: [
      ["photon export contacts --to contacts.vcf.age", "names, as vCard"],
      ["photon export contacts --to contacts.json.age --format jscontact", "names, as JSContact"],
      ["photon export relationships --to photon.age", "relationships and conversations"],
      ["age -d photon.age", "open one without Photon"],
    ],
  })
    .addArgument(argumentOf("<what>", "contacts: names only; relationships: with their conversations", what))
    .requiredOption("--to <file>", "the file to write; - for standard output")
    .addOption(oneOf("--format <format>", "of the contacts (default: vcard)", formats))
    .option("--force", "replace the file if it is there")
    .action(async (kind: What, options: ExportOptions) => run((cli) => exportTo(cli, kind, options)));
  declare(program, {
    name: "import",
    summary: "take in a file that export wrote",
    description:
      "Takes in a file that `photon export` wrote. What you have already is kept as it is and counted as skipped; people come back as contacts to meet again, as no key is in the file.",
    examples: [["photon import photon.age", "asks for the passphrase of the file"]],
  })
    .argument("<file>", "the file")
    .action(async (file: string) => run((cli) => importFrom(cli, file)));
}

async function exportTo(cli: Cli, kind: What, options: ExportOptions): Attempt<Answer> {
  const { to, format, force = false } = options;
  if (kind === "relationships" && format !== undefined)
    return err(cliError("usage", "--format is for contacts only", "Leave it out: relationships have one format."));
  const exported: ExportKind =
    kind === "relationships" ? "relationships" : format === "jscontact" ? "contacts-jscontact" : "contacts-vcard";
  if (to === "-" && cli.world.stdout.isTTY)
    return err(cliError("usage", "encrypted bytes are nothing for a terminal", "Name a file with --to, or pipe the output."));
  if (to === "-" && cli.globals.json)
    return err(cliError("usage", "--json and --to - both want standard output", "Name a file with --to."));
  if (to !== "-" && !force && (await exists(to))) return err(cliError("file-exists", shown(to)));
  if (cli.globals.dryRun)
    return cli.would(`write your ${kind} to ${to === "-" ? "standard output" : shown(to)}, encrypted with a passphrase`);
  const secret = await readSecret(cli, "for the file", { twice: true });
  if (!secret.ok) return secret;
  return withProfile(cli, async ({ engine }) => {
    const progress = cli.progress("Encrypting");
    const file = await engine.exportAs(exported, secret.value);
    progress.end();
    if (!file.ok) return file;
    if (to === "-") cli.world.stdout.write(file.value);
    else {
      const written = await writeWhole(to, file.value, force);
      if (!written.ok) return written;
    }
    return ok(
      answer({
        json: { kind: exported, file: to === "-" ? null : resolve(to), bytes: file.value.length },
        words: `Your ${kind} are in ${to === "-" ? "what was printed" : shown(to)} (${plural(file.value.length, "byte")}). Whoever has the file and the passphrase can read them; nobody can act as you with them.`,
        next: "`photon import` takes the file in again; so does `age -d` without Photon. Keep the passphrase apart from it.",
      }),
    );
  });
}

async function importFrom(cli: Cli, file: string): Attempt<Answer> {
  const content = await readWhole(file);
  if (!content.ok) return content;
  if (cli.globals.dryRun)
    return cli.would(`take in ${shown(file)} (${plural(content.value.length, "byte")}), once its passphrase was given`);
  const secret = await readSecret(cli, "of the file", { twice: false });
  if (!secret.ok) return secret;
  return withProfile(cli, async ({ engine, flush }) => {
    const progress = cli.progress("Decrypting");
    const report = await engine.importFrom(content.value, secret.value);
    progress.end();
    if (!report.ok) return report;
    const flushed = await flush();
    return flushed.ok ? ok(imported(report.value)) : flushed;
  });
}

function imported({ kind, contacts, messages, skipped }: ImportReport): Answer {
  return answer({
    json: { kind, contacts, messages, skipped },
    words: `${plural(contacts, "contact")} and ${plural(messages, "message")} were taken in; ${skipped === 0 ? "nothing was here already" : `${plural(skipped, "entry was", "entries were")} here already, or could not be used`}.`,
    next: "`photon contacts` lists everyone. To begin again with someone whose keys are lost: `photon contacts rename` what came back, then `photon meet` with the name that is free.",
  });
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Mode 0600, and whole or not at all: written beside its place and then renamed. */
async function writeWhole(path: string, content: Bytes, force: boolean): Attempt<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (!force && (await exists(target))) return err(cliError("file-exists", shown(path)));
    await rename(temporary, target);
    return ok(undefined);
  } catch (error) {
    return err(
      cliError("file-unwritable", `${shown(path)}: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`),
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readWhole(path: string): Attempt<Bytes> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > maxImport)
        return err(cliError("file-unreadable", `${named(path)} is larger than 1 GiB`, "Give a file that `photon export` wrote."));
      return ok(asBytes(await file.readFile()));
    } finally {
      await file.close();
    }
  } catch (error) {
    return err(
      cliError("file-unreadable", `${shown(path)}: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`),
    );
  }
}
