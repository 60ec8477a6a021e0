/** From topics to files: what each file of `vectors/` holds, as text. Deterministic. */
import { topics } from "./topics/index.ts";

/** By path below `vectors/`. Throws when a case does not do what it says. */
export async function buildVectors(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const topic of topics) {
    const valid = await topic.valid();
    const invalid = await topic.invalid();
    for (const { name, type, input, output } of valid) {
      const result = await topic.types[type]?.(input);
      if (result?.ok !== true) throw new Error(`${topic.name}: ${name}: refused: ${JSON.stringify(result?.error)}`);
      if (JSON.stringify(result.value) !== JSON.stringify(output))
        throw new Error(`${topic.name}: ${name}: ${JSON.stringify(result.value)}`);
    }
    for (const { name, type, input, error } of invalid) {
      const result = await topic.types[type]?.(input);
      if (result?.ok !== false || result.error.code !== error)
        throw new Error(`${topic.name}: ${name}: not ${error}: ${JSON.stringify(result)}`);
    }
    const { about } = topic;
    if (valid.length > 0) files.set(`${topic.name}/valid.json`, textOf({ topic: topic.name, about, cases: valid }));
    if (invalid.length > 0) files.set(`${topic.name}/invalid.json`, textOf({ topic: topic.name, about, cases: invalid }));
  }
  return files;
}

const textOf = (file: unknown): string => `${JSON.stringify(file, undefined, 1)}\n`;
