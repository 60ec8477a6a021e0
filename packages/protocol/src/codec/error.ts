/**
 * Every way in which bytes from outside can be refused, once, with its words. `remedy` is what the program that
 * shows the error should say next; `detail` is where in the value it went wrong, never the value itself.
 */
export const decodeErrors = {
  "too-long": "The value is longer than its type allows.",
  malformed: "The bytes are not well-formed for their type.",
  "not-canonical": "The bytes are not in the one canonical form.",
  "wrong-shape": "The value does not have the shape its type asks for.",
  "out-of-range": "A number or length lies outside what its type allows.",
  "unknown-suite": "It uses an algorithm suite that this version does not know.",
  "unknown-version": "It uses a format version that this version does not know.",
  "bad-signature": "The signature does not belong to these bytes.",
  "cannot-open": "It cannot be opened with the key at hand, or was changed on the way.",
} as const;

export type DecodeErrorCode = keyof typeof decodeErrors;

export interface DecodeError {
  readonly code: DecodeErrorCode;
  readonly detail: string;
}

export const decodeError = (code: DecodeErrorCode, detail: string): DecodeError => ({ code, detail });
