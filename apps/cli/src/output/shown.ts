/**
 * Text that someone else chose, made harmless to show: a message, a petname, a file name.
 *
 * | in the text                                      | shown as                              |
 * | ------------------------------------------------ | ------------------------------------- |
 * | control characters, and so every escape sequence | their picture (␛) or `<U+009B>`       |
 * | direction overrides, embeddings and isolates     | `<U+202E>`                            |
 * | implicit direction marks                         | nothing                               |
 * | invisible characters and tags                    | `<U+200B>`                            |
 * | joiners and selectors with nothing to join       | `<U+200D>`                            |
 * | line and paragraph separators, newlines          | `⏎`, or a new line where lines are allowed |
 * | more than eight combining marks in a row         | the first eight                       |
 * | half a surrogate pair                            | `�`                                   |
 * | more than `limit` characters                     | the first `limit`, and how many follow |
 *
 * What is shown never contains a byte that a terminal acts on, apart from "\n" where `lines` is "many". Sources: Unicode
 * TR 36 and TR 39; the bidirectional classes of UAX 9.
 */
export interface ShownOptions {
  /** "one" (the default) keeps the text on its line; "many" keeps its newlines. */
  readonly lines?: "one" | "many";
  /** At most this many code points of the text; 1,000 if not said. */
  readonly limit?: number;
}

const directionControls = /[\u202A-\u202E\u2066-\u2069\u206A-\u206F]/u;
const implicitMarks = /[\u061C\u200E\u200F]/u;
const invisible =
  /[\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u2060-\u2065\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/u;
const joiners = /[\u200C\u200D\uFE00-\uFE0F]/u;
const joinable = /[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Emoji}\p{S}\uFE0F]/u;
const mark = /\p{M}/u;
const mostMarks = 8;

const codeName = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;

/** @param text anything, of any length; only the first `limit` code points are looked at. */
export function shown(text: string, options: ShownOptions = {}): string {
  const { lines = "one", limit = 1_000 } = options;
  let out = "";
  let count = 0;
  let marks = 0;
  let before = "";
  let at = 0;
  while (at < text.length && count < limit) {
    const point = text.codePointAt(at) ?? 0;
    const character = String.fromCodePoint(point);
    at += character.length;
    count += 1;
    marks = mark.test(character) && !joiners.test(character) ? marks + 1 : 0;
    if (marks > mostMarks) continue;
    out += harmless(character, point, before, lines);
    before = character;
  }
  const left = text.length - at;
  return left > 0 ? `${out}… (${left.toLocaleString("en-GB")} more characters)` : out;
}

function harmless(character: string, point: number, before: string, lines: "one" | "many"): string {
  if (character === "\n" || point === 0x2028 || point === 0x2029) return lines === "many" ? "\n" : "⏎";
  if (character === "\t") return " ";
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "␡";
  if (point < 0xa0 && point > 0x7f) return codeName(character);
  if (point >= 0xd800 && point <= 0xdfff) return "\u{FFFD}";
  if (implicitMarks.test(character)) return "";
  if (directionControls.test(character) || invisible.test(character)) return codeName(character);
  if (joiners.test(character)) return before !== "" && joinable.test(before) ? character : codeName(character);
  return character;
}

/** A name in a sentence: on one line, short, in quotation marks that it cannot close unseen. */
export const named = (name: string): string => `“${shown(name, { limit: 64 }).replaceAll("”", "″")}”`;

/** A name as it is typed on a command line; undefined if it cannot be shown as it is, and so not typed from the screen. */
export function typeable(name: string): string | undefined {
  if (name === "" || name.startsWith("-") || shown(name, { limit: 64 }) !== name) return undefined;
  return /^[\p{L}\p{N}_.@%+:,/][\p{L}\p{N}_.@%+:,/-]*$/u.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
