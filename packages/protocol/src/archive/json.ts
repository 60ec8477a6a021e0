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
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file)) as unknown);
  } catch (error) {
    return err(decodeError("malformed", error instanceof SyntaxError ? "not JSON" : "not UTF-8"));
  }
}
