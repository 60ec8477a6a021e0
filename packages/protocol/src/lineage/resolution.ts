/** The outcome of `resolve`. */
import type { Bits } from "./bits.ts";
import type { Ledger } from "./ledger.ts";

/** By index: that of the succession. */
export type Quarantine = ReadonlyMap<number, number>;
export type Label = "in" | "out" | "undecided";

export interface Resolution {
  readonly ledger: Ledger;
  readonly within: Bits;
  /** Of an entry in the set. */
  readonly labelOf: (index: number) => Label;
  /** The retires in the set that strike it, ascending. */
  readonly strikersOf: (index: number) => readonly number[];
  /** Retires that came too late to their cycle, each with the first of it. */
  readonly late: ReadonlyMap<number, number>;
  /** Admits that would bring in an eleventh leaf. */
  readonly beyond: ReadonlySet<number>;
  /** What a succession quarantines, each with the succession. */
  readonly quarantined: Quarantine;
}
