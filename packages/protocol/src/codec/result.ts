/**
 * Outcomes. What a peer, a server or a person can get wrong is a typed value with a code and a remedy;
 * a bug in this program throws. See spec/01-encoding.md.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** The value, or a thrown bug: only for results that the program itself has made certain. */
export function expectOk<T, E>(result: Result<T, E>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${describe(result.error)}`);
}

function describe(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) {
    const detail = "detail" in error ? `: ${String(error.detail)}` : "";
    return `${String(error.code)}${detail}`;
  }
  return String(error);
}
