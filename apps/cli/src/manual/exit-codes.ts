/** docs/guide/exit-codes.md, from the tables of exit codes and of failures. */
import { engineErrors } from "@photon/engine/errors";
import { exits } from "../exit.ts";
import { cliErrors } from "../failure.ts";

export function exitCodesPage(): string {
  const errors = Object.entries({ ...engineErrors, ...cliErrors }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    "# Exit codes",
    "",
    "Written by `npx photon help exit-codes --markdown`; a test holds it to the program. Each number keeps its meaning for good.",
    "",
    "| code | meaning |",
    "| --- | --- |",
    ...Object.values(exits).map(({ code, words }) => `| ${code} | ${words} |`),
    "",
    "## Failures",
    "",
    "With `--json` a failure is `{schema, error: {code, message, remedy, detail}}` on standard output.",
    "",
    "| error code | exit | what it says | what to do |",
    "| --- | --- | --- | --- |",
    ...errors.map(
      ([code, { exit, message, remedy }]) => `| \`${code}\` | ${exit} | ${message} | ${remedy.replaceAll("|", "\\|")} |`,
    ),
    "",
  ].join("\n");
}
