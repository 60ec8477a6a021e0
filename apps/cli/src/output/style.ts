/** The little colour there is. Meaning never rests on it alone. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  warn(text: string): string;
  /** White on black, whatever the terminal's own colours. */
  onDark(text: string): string;
}

const wrap =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001B[${on}m${text}\u001B[${off}m`;
const plain = (text: string): string => text;

const coloured: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  warn: wrap(33, 39),
  onDark: (text) => `\u001B[97;40m${text}\u001B[39;49m`,
};
const uncoloured: Style = { bold: plain, dim: plain, warn: plain, onDark: plain };

/** Colour only on a terminal that is not "dumb", and never when NO_COLOR is set (https://no-color.org) or the person said no. */
export function styleFor(
  stream: { readonly isTTY: boolean },
  env: Readonly<Record<string, string | undefined>>,
  wanted: boolean,
): Style {
  const refused = !wanted || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return stream.isTTY && !refused ? coloured : uncoloured;
}
