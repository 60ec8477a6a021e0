/** The history of a side as a person is shown it: what counts, what is to come, what is disputed, and what is quarantined. */
import { equalBytes } from "../codec/index.ts";
import { idKey } from "../statement/index.ts";
import type { LineageStatement, Node } from "./chronology.ts";
import type { Whole } from "./standing.ts";
import type { Change, LeafState, RuleName, Standing } from "./types.ts";

export function changesOf(whole: Whole, standings: readonly Standing[], leaves: ReadonlyMap<string, LeafState>): readonly Change[] {
  const out: Change[] = [];
  for (const node of whole.nodes) {
    const { statement, learned, index } = node;
    const standing = standings[index];
    const grade = gradeOf(whole, node, standing);
    if (grade === undefined || statement.type === "unknown") continue;
    out.push({
      kind: statement.type,
      statement: statement.id,
      firstSeen: learned,
      grade,
      quarantined: standing?.kind === "void" && standing.rule === "successionQuarantines",
      leaves: leavesTouched(node, leaves),
      reason: reasonOf(statement),
    });
  }
  return out;
}

/** Undefined for what is not shown. */
function gradeOf(whole: Whole, { statement, index }: Node, standing: Standing | undefined): Change["grade"] | undefined {
  switch (standing?.kind) {
    case "counts":
    case "pending":
      // Nobody vouches for a first leaf but the person who verifies it.
      if (statement.type === "found") return "unproven";
      return statement.type === "succeed" || restsOn(whole, index, "pending") ? "by-trustees" : "continuous";
    case "void":
      return isShown(whole, index, standing.rule) || restsOn(whole, index, "contested") ? "unproven" : undefined;
    case "held":
    case "waiting":
    case undefined:
      return undefined;
  }
}

/** Whether it is of an era whose succession is pending, or contested. */
const restsOn = ({ settled }: Whole, index: number, kind: "pending" | "contested"): boolean =>
  settled.some(({ fate, ledger }) => fate.kind === kind && ledger.entries[index] !== undefined);

/** Of what is void: successions, contests, disputed retires, and what a succession quarantines. */
function isShown({ nodes, course }: Whole, index: number, rule: RuleName): boolean {
  const type = nodes[index]?.statement.type;
  if (type === "succeed") return course.fates.has(index);
  if (type === "retire" && rule === "retireCyclesFreeze") return true;
  return rule === "successionQuarantines" || (type === "contest" && rule === "contestEscalates");
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
