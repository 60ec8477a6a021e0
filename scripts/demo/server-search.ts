/** Searches everything that a server wrote for what it must not know. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

/** @returns which of the texts occur in any file below the folder, in UTF-8 or UTF-16. */
export function foundIn(folder: string, texts: readonly string[]): readonly string[] {
  const contents = filesUnder(folder).map((path) => readFileSync(path));
  return texts.filter((text) =>
    (["utf8", "utf16le"] as const).some((encoding) => contents.some((content) => content.includes(Buffer.from(text, encoding)))),
  );
}
