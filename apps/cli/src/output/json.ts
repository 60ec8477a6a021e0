/** The version of every object that `--json` prints. It grows only if a field changes its meaning or goes. */
export const schema = 1;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * One line of JSON with `schema` first. Characters that a terminal might act on, or that reorder a line, are written as
 * escapes: the value is the same to a program, and harmless on a screen.
 */
export function jsonLine(value: JsonObject): string {
  return JSON.stringify({ schema, ...value }).replaceAll(
    /[\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
