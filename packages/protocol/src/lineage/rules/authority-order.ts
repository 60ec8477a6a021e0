import type { LineageType } from "../../statement/index.ts";
import { type Bits, hasBit } from "../bits.ts";
import type { LineageStatement } from "../chronology.ts";
import { entryAt, type Ledger, nodeAt } from "../ledger.ts";

export type SignedAs = "leaf" | "admission-key";

const mayAdmissionKey: ReadonlySet<LineageType> = new Set<LineageType>(["admit", "retire", "plan"]);

/**
 * A recovery key in force ranks over an admission key in force, that over a device: each may say only what its rank
 * allows, and says which rank it has.
 *
 * A device and an admission key both admit and retire; only a device moves, contests and closes; an `admit` names the
 * proof that really vouches: `device` by a device, `escrow` or `shares` by an admission key.
 */
export function authorityOrder(statement: LineageStatement, as: SignedAs): boolean {
  if (statement.type === "unknown" || statement.type === "found" || statement.type === "succeed") return false;
  if (as === "admission-key" && !mayAdmissionKey.has(statement.type)) return false;
  return statement.type !== "admit" || (statement.body.proof === "device") === (as === "leaf");
}

/**
 * A plan in force ranks over a retire that was learned after it came into force: the retire strikes neither the plan nor
 * what the plan's authority rests on. Only another plan ends it.
 */
export function outranksRetire(ledger: Ledger, statement: number, retire: number, within: Bits): boolean {
  const { learned } = nodeAt(ledger, retire);
  return (ledger.supports.get(statement) ?? []).some((plan) => {
    const { force } = entryAt(ledger, plan);
    return force !== undefined && force <= learned && hasBit(within, plan);
  });
}
