/**
 * How what a person, a trustee or a dealer gave can be wrong beyond its encoding. `detail` says where, never a secret; `bad`
 * names the places in the list that was given, where the fault is in one of several.
 */
export const trusteeErrors = {
  "bad-threshold": "That many trustees and that many needed do not go together.",
  "bad-share": "A share does not fit the verification data of its plan.",
  "bad-partial": "A trustee's part of a signature is not good.",
  "bad-proof": "It does not prove that the trustee holds its shares.",
  "wrong-count": "These are not as many different ones as are needed.",
} as const;
export type TrusteeErrorCode = keyof typeof trusteeErrors;

export interface TrusteeError {
  readonly code: TrusteeErrorCode;
  readonly detail: string;
  readonly bad: readonly number[];
}

export const trusteeError = (code: TrusteeErrorCode, detail: string, bad: readonly number[] = []): TrusteeError => ({
  code,
  detail,
  bad,
});
