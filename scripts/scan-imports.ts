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

/** Where the string or comment that begins at `at` ends (exclusive), or `at` if none begins there. */
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
  if (quote !== '"' && quote !== "'") return at;
  let end = at + 1;
  while (end < source.length && source[end] !== quote) {
    if (source[end] === "\n") return at; // a lone quote, inside a regular expression
    end += source[end] === "\\" ? 2 : 1;
  }
  return end + 1;
}

/** Where the text of a template that goes on at `at` ends (exclusive): after its closing quote, or after a "${". */
function endOfTemplateText(source: string, at: number): number {
  for (let end = at; end < source.length; end++) {
    if (source[end] === "\\") end += 1;
    else if (source[end] === "`") return end + 1;
    else if (source.startsWith("${", end)) return end + 2;
  }
  return source.length;
}

export function scanImports(source: string): Scanned {
  const strings = new Map<number, string>();
  let code = "";
  /** For each template that the place is inside of, how many braces its expression has open. */
  const templates: number[] = [];
  const template = (at: number): number => {
    const end = endOfTemplateText(source, at);
    code += blank(source.slice(at, end));
    if (source[end - 1] === "{") templates.push(0);
    return end;
  };
  for (let at = 0; at < source.length;) {
    const end = endOfQuiet(source, at);
    if (end > at) {
      const quiet = source.slice(at, end);
      if (quiet.startsWith("/")) code += blank(quiet);
      else {
        strings.set(at, quiet.slice(1, -1));
        code += `"${blank(quiet.slice(1, -1))}"`;
      }
      at = end;
      continue;
    }
    const character = source[at] ?? "";
    code += character === "`" ? " " : character;
    at += 1;
    const braces = templates.at(-1);
    if (character === "`") at = template(at);
    else if (braces !== undefined && character === "}" && braces === 0) {
      templates.pop();
      at = template(at);
    } else if (braces !== undefined && (character === "{" || character === "}")) {
      templates[templates.length - 1] = braces + (character === "{" ? 1 : -1);
    }
  }
  const imports: Import[] = [];
  const lineOf = (at: number): number => source.slice(0, at).split("\n").length;
  for (const match of code.matchAll(/\b(?:import|export)\b[^;"()]*?\bfrom\s*(?=")|\bimport\s*(?=")|\bimport\s*\(\s*/gu)) {
    const end = match.index + match[0].length;
    imports.push({ specifier: strings.get(end), line: lineOf(match.index) });
  }
  return { imports, code };
}
