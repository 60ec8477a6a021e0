import type { Command } from "commander";
import { ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { argumentOf, declare, type Run } from "../command.ts";
import { candidates, filesMark, type Shell, shells, unquoted } from "../completion.ts";
import { completionScripts } from "../completion-scripts.ts";
import type { Attempt } from "../failure.ts";
import { shown } from "../output/shown.ts";
import { withProfileOffline } from "../pass.ts";

/** Milliseconds: a person waits for it with a finger on the key. */
const patience = 300;

export function completionCommands(program: Command, run: Run): void {
  declare(program, {
    name: "completion",
    summary: "complete commands in your shell",
    description:
      "Prints a script that completes commands, options, the names of the people you know and of your devices. It uses no network.",
    examples: [
      ["source <(photon completion bash)", "in ~/.bashrc"],
      ["source <(photon completion zsh)", "in ~/.zshrc, after compinit"],
      ["photon completion fish | source", "in ~/.config/fish/config.fish"],
    ],
  })
    .addArgument(argumentOf("<shell>", "your shell", shells))
    .action(async (shell: Shell) => run((cli) => script(cli, shell)));
  declare(program, {
    name: "__complete",
    summary: "what may come next",
    description: "For the scripts of `photon completion`: one candidate a line.",
    examples: [],
    hidden: true,
  })
    .argument("[words...]")
    .action(async (words: readonly string[]) => run((cli) => complete(cli, program, words)));
}

async function script(cli: Cli, shell: Shell): Attempt<Answer> {
  const text = completionScripts[shell];
  const hint = cli.world.stdout.isTTY ? "That is the script; your shell has to load it." : "";
  return ok(
    answer({
      json: { shell, script: text },
      data: text.trimEnd(),
      words: hint,
      next: hint === "" ? "" : "`photon help completion` shows the line for your shell.",
    }),
  );
}

async function complete(cli: Cli, program: Command, typed: readonly string[]): Attempt<Answer> {
  const words = typed.map((word) => unquoted(word));
  const current = words.at(-1) ?? "";
  const { words: fixed, live } = candidates(program, words);
  const lines = fixed.map(([word, about]) => (about === "" ? word : `${word}\t${about}`));
  if (live === "file") lines.push(filesMark);
  else if (live !== undefined) lines.push(...(await liveNames(cli, live)).filter((name) => name.startsWith(current)));
  return ok(answer({ json: { candidates: lines }, data: lines.join("\n"), words: "", next: "" }));
}

/** Names from the profile; none if it cannot be opened at once, as completion has nobody to tell. */
async function liveNames(cli: Cli, live: "contact" | "device"): Promise<readonly string[]> {
  if (!cli.world.home.present()) return [];
  const names = await withProfileOffline(cli, patience, async (engine): Attempt<readonly string[]> => {
    if (live === "device") {
      const devices = await engine.devices();
      return devices.ok ? ok(devices.value.filter(({ state }) => state === "live").map(({ name }) => name)) : devices;
    }
    const contacts = await engine.contacts();
    return contacts.ok ? ok(contacts.value.map(({ petname, id }) => (petname === "" ? id : petname))) : contacts;
  });
  // What would be shown otherwise than it is cannot be typed for the person.
  return names.ok ? names.value.filter((name) => name !== "" && shown(name) === name) : [];
}
