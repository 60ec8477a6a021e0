import type { Command } from "commander";
import type { BackupStatus, BackupVersion, PendingDeletion, VaultStatus } from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, type Run } from "../command.ts";
import type { Attempt } from "../failure.ts";
import type { JsonObject } from "../output/json.ts";
import { shown } from "../output/shown.ts";
import { ago, instant, plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { serverOrigin } from "../relay-address.ts";
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
  const vaults = declare(backup, {
    name: "vaults",
    summary: "the servers that keep your backup",
    description:
      "Your backup can be at up to three vaults. Each has all of it, under keys of its own: what two of them keep has nothing in common by which their operators could tell that it is yours. If one is down, closes, or loses something, the others have it. Alone it lists them.",
    examples: [["photon backup vaults", "where your backup is"]],
  });
  declare(vaults, {
    name: "list",
    isDefault: true,
    summary: "where your backup is",
    description: "Lists your vaults, and what waits to go to each.",
    examples: [["photon backup vaults list --json", "for a script"]],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => listVaults(cli, extra)));
  declare(vaults, {
    name: "add",
    summary: "keep your backup at one more vault",
    description: "Brings all of your backup to another vault, and every change from then on.",
    examples: [["photon backup vaults add https://vault.example", "another copy, at another operator's"]],
  })
    .argument("<url>")
    .action(async (url: string) => run((cli) => changeVaults(cli, "add", url)));
  declare(vaults, {
    name: "remove",
    summary: "give a vault up",
    description:
      "Nothing more is brought to that vault. What is there stays there, encrypted as it is: only its operator can delete it.",
    examples: [["photon backup vaults remove https://vault.example", "when an operator closes"]],
  })
    .argument("<url>")
    .action(async (url: string) => run((cli) => changeVaults(cli, "remove", url)));
  declare(backup, {
    name: "undo",
    summary: "bring back what was deleted or changed",
    description:
      "The vault keeps earlier states of your backup for 45 days, whoever replaced them. This brings back what such a state holds and you lack: relationships that were closed or renamed are again as they were, and missing entries return. What you have now stays. A goodbye that the other person has heard stays said.",
    examples: [
      ["photon backup undo", "bring back what `photon backup status` says can be undone"],
      ["photon backup undo --list", "the states that are kept, with their day and what they hold"],
      ["photon backup undo --to 120", "bring back what state 120 holds"],
    ],
  })
    .option("--to <state>", "the state, as --list names it")
    .option("--list", "only show the states that are kept")
    .action(async ({ to, list }: { readonly to?: string; readonly list?: boolean }) =>
      run((cli) => (list === true ? versions(cli) : undo(cli, to))),
    );
}

async function status(cli: Cli): Attempt<Answer> {
  return withProfile(cli, async ({ engine }) => {
    const found = await engine.backupStatus();
    if (!found.ok) return found;
    const { openers, pendingChanges, pendingDeletion } = found.value;
    const alone = openers.length < 2;
    return ok(
      answer({
        json: statusJson(found.value),
        data: statusText(cli, found.value),
        words: alone ? "Only this device opens the backup: if you lose it, the backup helps nobody." : "",
        next:
          pendingDeletion !== undefined
            ? "`photon backup undo` brings it back; if you closed and renamed them yourself, there is nothing to do."
            : pendingChanges > 0
              ? "`photon sync` brings the backup up to date."
              : alone
                ? "`photon devices add`, or `photon backup passphrase`."
                : "`photon export` makes a copy that you keep yourself.",
      }),
    );
  });
}

async function listVaults(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const known = noSuchCommand("backup vaults", extra);
  if (!known.ok) return known;
  return withProfile(cli, async ({ engine }) => {
    const found = await engine.backupStatus();
    return found.ok ? ok(vaultsAnswer(cli, found.value, "")) : found;
  });
}

async function changeVaults(cli: Cli, change: "add" | "remove", url: string): Attempt<Answer> {
  const origin = serverOrigin(url, "vault");
  if (!origin.ok) return origin;
  if (cli.globals.dryRun)
    return cli.would(
      change === "add" ? `keep your backup at ${origin.value} too` : `bring no more of your backup to ${origin.value}`,
    );
  return withProfile(cli, async ({ engine, flush }) => {
    const changed = change === "add" ? await engine.addVault(origin.value) : await engine.removeVault(origin.value);
    if (!changed.ok) return changed;
    const flushed = await flush("long");
    if (!flushed.ok) return flushed;
    const now = await engine.backupStatus();
    if (!now.ok) return now;
    const words =
      change === "add"
        ? `Your backup is kept at ${origin.value} too. Trustees of yours hear of it by themselves.`
        : `Nothing more is brought to ${origin.value}. What is there stays there, encrypted.`;
    return ok(vaultsAnswer(cli, now.value, words));
  });
}

const vaultsAnswer = (cli: Cli, { vaults }: BackupStatus, words: string): Answer =>
  answer({
    json: { vaults: vaults.map(vaultJson) },
    data: vaults.map((vault) => vaultText(cli, vault)).join("\n"),
    words,
    next: "`photon backup status` shows what opens the backup.",
  });

const vaultJson = ({ vault, sequence, archivedAt, pendingChanges }: VaultStatus): JsonObject => ({
  vault,
  sequence,
  archivedAt: archivedAt === undefined ? null : instant(archivedAt),
  pendingChanges,
});

function vaultText(cli: Cli, { vault, archivedAt, pendingChanges }: VaultStatus): string {
  const lately = archivedAt === undefined ? "nothing stored yet" : `stored ${ago(archivedAt, cli.world.now())}`;
  return `${shown(vault)}  ${lately}${pendingChanges === 0 ? "" : `, ${plural(pendingChanges, "change")} waiting`}`;
}

async function versions(cli: Cli): Attempt<Answer> {
  return withProfile(cli, async ({ engine }) => {
    const found = await engine.backupVersions();
    if (!found.ok) return found;
    return ok(
      answer({
        json: {
          versions: found.value.map(({ version, vault, at, until, relationships, openers }) => ({
            version,
            vault,
            at: instant(at),
            until: until === undefined ? null : instant(until),
            relationships: relationships ?? null,
            openers: openers.map(({ kind, name }) => ({ kind, name })),
          })),
        },
        data: found.value.map(versionText).join("\n"),
        words: found.value.length === 0 ? "Nothing is kept yet." : "",
        next: "`photon backup undo --to STATE` brings back what one of them holds.",
      }),
    );
  });
}

function versionText({ version, at, until, relationships, openers }: BackupVersion): string {
  const kept = until === undefined ? "the newest" : `kept until ${utcDate(until)}`;
  const people = relationships === undefined ? "" : `, ${plural(relationships, "relationship")}`;
  return `${shown(version)}  written on ${utcDate(at)}, ${kept}${people}, opened by ${openers.map(openerWords).join(", ")}`;
}

/** Vaults count days, by UTC. */
const utcDate = (milliseconds: number): string => instant(milliseconds).slice(0, 10);

async function undo(cli: Cli, to: string | undefined): Attempt<Answer> {
  if (cli.globals.dryRun) return cli.would(`bring back what ${to === undefined ? "can be undone" : `state ${shown(to)} holds`}`);
  return withProfile(cli, async ({ engine, flush }) => {
    const undone = await engine.undoBackup(to);
    if (!undone.ok) return undone;
    const flushed = await flush("long");
    if (!flushed.ok) return flushed;
    const { version, records, relationships } = undone.value;
    return ok(
      answer({
        json: { version, records, relationships },
        words:
          records + relationships === 0
            ? `You have all that state ${shown(version)} holds.`
            : `${plural(relationships, "relationship is", "relationships are")} as in state ${shown(version)}, and ${plural(records, "entry has", "entries have")} come back.`,
        next: "`photon contacts` shows who is there. If this was not your doing, `photon devices` shows which devices are yours; retire those that are not.",
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

const statusJson = ({
  vault,
  sequence,
  archivedAt,
  pendingChanges,
  segments,
  bytes,
  openers,
  pendingDeletion,
  vaults,
}: BackupStatus): JsonObject => ({
  ...vaultJson({ vault, sequence, archivedAt, pendingChanges }),
  segments,
  bytes,
  openers: openers.map(({ kind, name }) => ({ kind, name })),
  vaults: vaults.map(vaultJson),
  pendingDeletion: pendingDeletion === undefined ? null : { ...pendingDeletion, until: instant(pendingDeletion.until) },
});

function statusText(cli: Cli, status: BackupStatus): string {
  const { archivedAt, pendingChanges, bytes, openers, pendingDeletion, vaults } = status;
  const lately = archivedAt === undefined ? "never" : ago(archivedAt, cli.world.now());
  return [
    ...(vaults.length > 1 ? vaults.map((one) => `vault        ${vaultText(cli, one)}`) : [`vault        ${shown(status.vault)}`]),
    `last stored  ${lately}`,
    `waiting      ${pendingChanges === 0 ? "nothing" : plural(pendingChanges, "change")}`,
    `size         ${plural(bytes, "byte")}`,
    `opened by    ${openers.length === 0 ? "nothing yet" : openers.map(openerWords).join(", ")}`,
    ...(pendingDeletion === undefined
      ? []
      : [`can return   ${losses(pendingDeletion)}, until ${utcDate(pendingDeletion.until)}: \`photon backup undo\``]),
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
    case "escrow":
      return `your PIN (${shown(name, { limit: 64 })})`;
    case "shares":
      return `your shares together (${shown(name, { limit: 64 })})`;
  }
}

const losses = ({ relationships, records }: PendingDeletion): string =>
  `${plural(relationships, "relationship")} that ${relationships === 1 ? "was" : "were"} closed or renamed, and ${plural(records, "missing entry", "missing entries")}`;
