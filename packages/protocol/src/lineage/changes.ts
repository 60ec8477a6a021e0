/** The history of a side as a person is shown it: what counts, what is to come, and what is disputed. */
import { idKey } from "../statement/index.ts";
import type { LineageStatement, Node } from "./chronology.ts";
import { type Ledger, nodeAt } from "./ledger.ts";
import type { Change, LeafState, Standing } from "./types.ts";

export function changesOf(
  ledger: Ledger,
  standings: readonly Standing[],
  leaves: ReadonlyMap<string, LeafState>,
): readonly Change[] {
  const out: Change[] = [];
  for (const node of ledger.nodes) {
    const { statement, learned, index } = node;
    const grade = gradeOf(statement, standings[index]);
    if (grade === undefined || statement.type === "unknown") continue;
    const { kind, reason } = { kind: statement.type, reason: reasonOf(statement) };
    out.push({ kind, statement: statement.id, firstSeen: learned, grade, leaves: leavesTouched(ledger, node, leaves), reason });
  }
  return out;
}

/** Undefined for what is not shown. */
function gradeOf(statement: LineageStatement, standing: Standing | undefined): Change["grade"] | undefined {
  switch (standing?.kind) {
    case "counts":
    case "pending":
      // Nobody vouches for a first leaf but the person who verifies it.
      return statement.type === "found" ? "unproven" : "continuous";
    case "held":
      return statement.type === "succeed" ? "unproven" : undefined;
    case "void":
      return statement.type === "retire" && standing.rule === "retireCyclesFreeze" ? "unproven" : undefined;
    case "waiting":
    case undefined:
      return undefined;
  }
}

function reasonOf(statement: LineageStatement): string | undefined {
  switch (statement.type) {
    case "retire":
    case "contest":
    case "close":
      return statement.body.reason;
    default:
      return undefined;
  }
}

function leavesTouched(ledger: Ledger, { index, statement }: Node, leaves: ReadonlyMap<string, LeafState>): number {
  switch (statement.type) {
    case "found":
      return 1;
    case "admit": {
      const brought = new Set(statement.body.leaves.map((leaf) => idKey(leaf.id)));
      const id = idKey(nodeAt(ledger, index).statement.id);
      return [...brought].filter((leaf) => idKey(leaves.get(leaf)?.by ?? new Uint8Array()) === id).length;
    }
    case "retire":
      return new Set(statement.body.leaves.map((leaf) => idKey(leaf)).filter((leaf) => leaves.has(leaf))).size;
    case "succeed":
      return statement.body.leaves.length;
    default:
      return 0;
  }
}
