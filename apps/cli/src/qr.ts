/** A link as a QR code, for somebody who looks at a terminal. */
import type { Cli } from "./cli.ts";
import { styleFor } from "./output/style.ts";

/** On stderr; nothing unless that is a terminal and the person wants talk. The link and the words must be shown besides. */
export async function showQr(cli: Cli, link: string): Promise<void> {
  if (!cli.world.stderr.isTTY || cli.globals.json || cli.globals.quiet) return;
  const { renderUnicodeCompact } = await import("uqr");
  const code = renderUnicodeCompact(link, { border: 2, ecc: "M" });
  const columns = code.indexOf("\n");
  // Light on dark whatever the window's own colours are: some scanners read it only so.
  const { onDark } = styleFor(cli.world.stderr, cli.world.env, cli.globals.color);
  const lines = code.split("\n").map((line) => onDark(line));
  cli.say(
    columns <= cli.world.stderr.columns
      ? lines.join("\n")
      : "This window is too narrow for the QR code; the link and the words say the same.",
  );
}
