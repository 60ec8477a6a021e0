/** What the schemas of this folder share in refusing. */
import { decodeError, type DecodeError } from "./error.ts";
import { err } from "./result.ts";

export const wrong = (path: string, wanted: string): { ok: false; error: DecodeError } =>
  err(decodeError("wrong-shape", `${path}: expected ${wanted}`));
export const range = (path: string, wanted: string): { ok: false; error: DecodeError } =>
  err(decodeError("out-of-range", `${path}: ${wanted}`));

/** A schema that gives two things one number is a bug of ours, found when the program starts. */
export function certainlyDistinct(what: string, numbers: readonly number[]): void {
  if (new Set(numbers).size !== numbers.length) throw new Error(`two ${what} are equal: ${numbers.join(", ")}`);
}
