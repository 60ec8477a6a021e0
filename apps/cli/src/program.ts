/** The command tree. What each command does is in `commands/`; nothing heavy is loaded before one of them runs. */
import { Command } from "commander";
import { acceptCommand } from "./commands/accept.ts";
import { backupCommands } from "./commands/backup.ts";
import { completionCommands } from "./commands/completion.ts";
import { contactsCommands } from "./commands/contacts.ts";
import { contestCommand } from "./commands/contest.ts";
import { devicesCommands } from "./commands/devices.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { helpCommand } from "./commands/help.ts";
import { initCommand } from "./commands/init.ts";
import { meetCommand } from "./commands/meet.ts";
import { messagesCommands } from "./commands/messages.ts";
import { planCommands } from "./commands/plan.ts";
import { recoverCommands } from "./commands/recover.ts";
import { serveCommand } from "./commands/serve.ts";
import { serviceCommands } from "./commands/service.ts";
import { syncCommand } from "./commands/sync.ts";
import { transferCommands } from "./commands/transfer.ts";
import { trusteeCommands } from "./commands/trustee.ts";
import { watchCommand } from "./commands/watch.ts";
import type { Run } from "./command.ts";
import { version } from "./version.ts";

const groups: readonly (readonly [heading: string, declare: readonly ((program: Command, run: Run) => void)[]])[] = [
  ["Begin:", [initCommand, meetCommand, acceptCommand]],
  ["Every day:", [contactsCommands, messagesCommands, syncCommand, watchCommand]],
  ["Devices and backup:", [devicesCommands, backupCommands, transferCommands]],
  ["Losing everything, and coming back:", [planCommands, recoverCommands, trusteeCommands, contestCommand]],
  ["This machine:", [serviceCommands, serveCommand, doctorCommand, completionCommands, helpCommand]],
];

export function buildProgram(run: Run): Command {
  const program = new Command("photon")
    .description("Keep your relationships, and go on with your conversations, when you lose a device.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .helpCommand(false)
    .optionsGroup("Options for every command:")
    .option("--json", "print one JSON object (streams: one a line) on standard output, failures too")
    .option("-q, --quiet", "no talk on standard error, only failures")
    .option("--no-input", "never ask; fail if something is missing")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--offline", "use no network; what is to be sent waits for the next sync")
    .option("-y, --yes", "do not ask before something that cannot be undone")
    .option("--no-color", "no colour; NO_COLOR does the same")
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false, subcommandTerm: (command) => command.name() })
    .addHelpText(
      "after",
      "\n`photon help COMMAND` explains a command, with examples.\n`photon help topics` lists what else is explained.",
    );
  for (const [heading, declarations] of groups) {
    program.commandsGroup(heading);
    for (const declareIn of declarations) declareIn(program, run);
  }
  return program;
}
