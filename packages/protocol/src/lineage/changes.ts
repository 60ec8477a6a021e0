/** The history of a side as a person is shown it: what counts, what is to come, and what is disputed. */
import { equalBytes } from "../codec/index.ts";
import { idKey } from "../statement/index.ts";
import type { LineageStatement, Node } from "./chronology.ts";
import type { Ledger } from "./ledger.ts";
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
    out.push({
      kind: statement.type,
      statement: statement.id,
      firstSeen: learned,
      grade,
      quarantined: false,
      leaves: leavesTouched(node, leaves),
      reason: reasonOf(statement),
    });
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
  if (statement.type === "retire" || statement.type === "contest" || statement.type === "close") return statement.body.reason;
  return undefined;
}

function leavesTouched({ statement }: Node, leaves: ReadonlyMap<string, LeafState>): number {
  if (statement.type === "found") return 1;
  if (statement.type === "succeed") return statement.body.leaves.length;
  if (statement.type === "retire") {
    return new Set(statement.body.leaves.map((leaf) => idKey(leaf)).filter((leaf) => leaves.has(leaf))).size;
  }
  if (statement.type !== "admit") return 0;
  const brought = new Set(statement.body.leaves.map((leaf) => idKey(leaf.id)));
  return [...brought].filter((leaf) => {
    const by = leaves.get(leaf)?.by;
    return by !== undefined && equalBytes(by, statement.id);
  }).length;
}
