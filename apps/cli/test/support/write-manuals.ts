/** Writes the pages that are made of the program itself: `npm run manuals -w photon`, then `npm run format`. */
import { writeFileSync } from "node:fs";
import { exitCodesPage } from "../../src/manual/exit-codes.ts";
import { commandsPage } from "../../src/manual/markdown.ts";
import { manPage } from "../../src/manual/roff.ts";
import { buildProgram } from "../../src/program.ts";
import { version } from "../../src/version.ts";

const program = buildProgram(async () => undefined);
const write = (path: string, text: string): void => {
  writeFileSync(new URL(`../../../../${path}`, import.meta.url), text);
};

write("docs/guide/commands.md", `${commandsPage(program)}\n`);
write("docs/guide/exit-codes.md", exitCodesPage());
write("apps/cli/man/photon.1", manPage(program, version));
