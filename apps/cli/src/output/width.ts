/** Columns that text takes on a terminal: marks none, East Asian wide characters and pictures two (UAX 11, roughly). */
const zero = /[\p{Mn}\p{Me}\u200C\u200D\uFE00-\uFE0F]/u;
const wide =
  /[\p{Emoji_Presentation}\u1100-\u115E\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

/** What styles add, and nothing else does: foreign text went through `shown`. */
const styling = /\u001B\[[0-9;]*m/gu;

export function width(text: string): number {
  let columns = 0;
  for (const character of text.replaceAll(styling, "")) columns += zero.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

export const padTo = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)));
