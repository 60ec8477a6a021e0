import type { LineageType } from "../../statement/index.ts";
import { type Bits, hasBit } from "../bits.ts";
import type { Node } from "../chronology.ts";

const quarantined: ReadonlySet<LineageType> = new Set<LineageType>(["admit", "retire", "plan", "move", "close"]);

/**
 * While a succession may count, what the old side says about devices, plan and inbox is of no effect unless it is in the
 * past that the succession names, however early it was learned; and if the succession counts, it never will be.
 *
 * @param past the succession's.
 */
export function successionQuarantines(past: Bits, { statement, index }: Node): boolean {
  return statement.type !== "unknown" && quarantined.has(statement.type) && !hasBit(past, index);
}
