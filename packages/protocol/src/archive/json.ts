/** Reading JSON from files that anybody may have written. */
import { type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** A field of an object, and undefined for what is no object. */
export const fieldOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function parseJson(file: Bytes, max: number): Result<unknown, DecodeError> {
  if (file.length > max) return err(decodeError("too-long", `${file.length} bytes, at most ${max}`));
  if (isDeep(file)) return err(decodeError("out-of-range", `nested deeper than ${maxDepth}`));
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file)) as unknown);
  } catch (error) {
    return err(decodeError("malformed", error instanceof SyntaxError ? "not JSON" : "not UTF-8"));
  }
}

/** Far above what our files need. Without a bound, brackets alone make the platform's parser take minutes and gigabytes. */
const maxDepth = 32;

function isDeep(file: Bytes): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < file.length; at++) {
    const byte = file[at];
    if (quoted) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}
