/** One thing that `photon doctor` looked at. */
export interface Finding {
  /** Short and stable, for scripts. */
  readonly check: string;
  readonly state: "ok" | "warning" | "problem";
  readonly words: string;
  /** What to do; "" if all is well. */
  readonly remedy: string;
}

export const fine = (check: string, words: string): Finding => ({ check, state: "ok", words, remedy: "" });
export const warning = (check: string, words: string, remedy: string): Finding => ({ check, state: "warning", words, remedy });
export const problem = (check: string, words: string, remedy: string): Finding => ({ check, state: "problem", words, remedy });
