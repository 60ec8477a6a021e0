import type { Command } from "commander";
import type { BackupStatus } from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import type { Attempt } from "../failure.ts";
import type { JsonObject } from "../output/json.ts";
import { shown } from "../output/shown.ts";
import { ago, instant, plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { readSecret } from "../secret.ts";

export function backupCommands(program: Command, run: Run): void {
  const backup = declare(program, {
    name: "backup",
    summary: "your encrypted backup",
    description:
      "Shows where your encrypted backup stands, and what can open it. It holds your relationships and conversations, and no key that could act as you.",
    examples: [["photon backup status", "is everything in the vault, and what opens it"]],
  });
  declare(backup, {
    name: "status",
    isDefault: true,
    summary: "where the backup stands",
    description: "Shows the vault, how much waits to go there, and everything that can open the backup.",
    examples: [["photon backup status --json", "for a script"]],
  }).action(async () => run(status));
  declare(backup, {
    name: "passphrase",
    summary: "let a passphrase open the backup",
    description:
      "Adds a passphrase to what can open your backup, beside your devices. Whoever knows it and has the backup can read your relationships and conversations; they cannot act as you. At least 12 characters; several words are good.",
    examples: [
      ["photon backup passphrase", "asks for it twice"],
      ["PHOTON_SECRET_COMMAND='pass show photon' photon backup passphrase", "takes it from a password manager"],
    ],
  }).action(async () => run(addPassphrase));
}

async function status(cli: Cli): Attempt<Answer> {
  return withProfile(cli, async ({ engine }) => {
    const found = await engine.backupStatus();
    if (!found.ok) return found;
    const { openers, pendingChanges } = found.value;
    const alone = openers.length < 2;
    return ok(
      answer({
        json: statusJson(found.value),
        data: statusText(cli, found.value),
        words: alone ? "Only this device opens the backup: if you lose it, the backup helps nobody." : "",
        next:
          pendingChanges > 0
            ? "`photon sync` brings the backup up to date."
            : alone
              ? "`photon devices add`, or `photon backup passphrase`."
              : "`photon export` makes a copy that you keep yourself.",
      }),
    );
  });
}

async function addPassphrase(cli: Cli): Attempt<Answer> {
  if (cli.globals.dryRun) return cli.would("let a passphrase open your backup, beside your devices");
  const secret = await readSecret(cli, "to open your backup with", { twice: true });
  if (!secret.ok) return secret;
  return withProfile(cli, async ({ engine, flush }) => {
    const added = await engine.addPassphraseOpener(secret.value);
    if (!added.ok) return added;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    const now = await engine.backupStatus();
    if (!now.ok) return now;
    return ok(
      answer({
        json: statusJson(now.value),
        words:
          "The passphrase opens your backup now. It cannot be asked for or reset: keep it where you will find it without this device.",
        next: "`photon backup status` lists what opens the backup.",
      }),
    );
  });
}

const statusJson = ({ vault, sequence, archivedAt, pendingChanges, segments, bytes, openers }: BackupStatus): JsonObject => ({
  vault,
  sequence,
  archivedAt: archivedAt === undefined ? null : instant(archivedAt),
  pendingChanges,
  segments,
  bytes,
  openers: openers.map(({ kind, name }) => ({ kind, name })),
});

function statusText(cli: Cli, { vault, archivedAt, pendingChanges, bytes, openers }: BackupStatus): string {
  const lately = archivedAt === undefined ? "never" : ago(archivedAt, cli.world.now());
  return [
    `vault        ${shown(vault)}`,
    `last stored  ${lately}`,
    `waiting      ${pendingChanges === 0 ? "nothing" : plural(pendingChanges, "change")}`,
    `size         ${plural(bytes, "byte")}`,
    `opened by    ${openers.length === 0 ? "nothing yet" : openers.map(openerWords).join(", ")}`,
  ].join("\n");
}

function openerWords({ kind, name }: BackupStatus["openers"][number]): string {
  switch (kind) {
    case "device":
      return `the device ${shown(name, { limit: 64 })}`;
    case "passphrase":
      return "a passphrase";
    case "trustees":
      return `your trustees together (${shown(name, { limit: 64 })})`;
  }
}
