/** Finds the imports of a TypeScript source without a parser: comments are blanked, strings are kept apart from code. */

export interface Import {
  /** Undefined where it is not a plain string. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

interface Scanned {
  readonly imports: readonly Import[];
  /** The source with comments and the contents of strings blanked, line breaks kept. */
  readonly code: string;
}

const blank = (text: string): string => text.replaceAll(/[^\n]/gu, " ");

/** Where the string, template or comment that begins at `at` ends (exclusive), or `at` if none begins there. */
function endOfQuiet(source: string, at: number): number {
  const two = source.slice(at, at + 2);
  if (two === "//") {
    const end = source.indexOf("\n", at);
    return end < 0 ? source.length : end;
  }
  if (two === "/*") {
    const end = source.indexOf("*/", at + 2);
    return end < 0 ? source.length : end + 2;
  }
  const quote = source[at];
  if (quote !== '"' && quote !== "'" && quote !== "`") return at;
  let end = at + 1;
  while (end < source.length && source[end] !== quote) {
    if (source[end] === "\n" && quote !== "`") return at; // a lone quote, inside a regular expression
    end += source[end] === "\\" ? 2 : 1;
  }
  return end + 1;
}

export function scanImports(source: string): Scanned {
  const strings = new Map<number, string>();
  let code = "";
  for (let at = 0; at < source.length;) {
    const end = endOfQuiet(source, at);
    if (end === at) {
      code += source[at] ?? "";
      at += 1;
      continue;
    }
    const quiet = source.slice(at, end);
    if (quiet.startsWith("/")) code += blank(quiet);
    else if (quiet.startsWith("`") && quiet.includes("${"))
      code += quiet; // its expressions are code
    else {
      strings.set(at, quiet.slice(1, -1));
      code += `"${blank(quiet.slice(1, -1))}"`;
    }
    at = end;
  }
  const imports: Import[] = [];
  const lineOf = (at: number): number => source.slice(0, at).split("\n").length;
  for (const match of code.matchAll(/\b(?:import|export)\b[^;"()]*?\bfrom\s*(?=")|\bimport\s*(?=")|\bimport\s*\(\s*/gu)) {
    const end = match.index + match[0].length;
    imports.push({ specifier: strings.get(end), line: lineOf(match.index) });
  }
  return { imports, code };
}
