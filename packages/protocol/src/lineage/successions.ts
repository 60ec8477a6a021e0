/** The successions of a side, as a person is shown them and an engine acts on them. */
import type { StatementId } from "../statement/index.ts";
import { nodeAt } from "./ledger.ts";
import type { Opening } from "./openings.ts";
import { cameInTime, type Settled, type Whole } from "./standing.ts";
import type { Fate } from "./fates.ts";
import type { Succession } from "./types.ts";

export function successionsOf({ latestFirst, course }: Whole): readonly Succession[] {
  const out = new Map<number, Succession>();
  for (const one of latestFirst) {
    for (const opening of one.era.openings) {
      const fate = course.fates.get(opening.index);
      if (fate !== undefined && !out.has(opening.index)) out.set(opening.index, successionOf(one, opening, fate, course));
    }
  }
  return [...out].toSorted(([a], [b]) => a - b).map(([, succession]) => succession);
}

function successionOf({ era, ledger }: Settled, opening: Opening, fate: Fate, course: Whole["course"]): Succession {
  const { id, body } = opening.statement;
  const idAt = (index: number | undefined): StatementId | undefined =>
    index === undefined ? undefined : nodeAt(ledger, index).statement.id;
  const first = cameInTime(era, opening, course) ? opening.contests[0]?.index : undefined;
  return {
    statement: id,
    request: body.request,
    epoch: body.epoch,
    threshold: body.threshold,
    planVersion: body.planVersion,
    status: fate.kind,
    until: untilOf(fate),
    contest: idAt(first ?? (fate.kind === "contested" ? fate.because : undefined)),
    leaves: body.leaves.map((leaf) => leaf.id),
  };
}

function untilOf(fate: Fate): number | undefined {
  switch (fate.kind) {
    case "pending":
    case "contested":
      return fate.until;
    case "counts":
      return fate.since;
    case "void":
      return undefined;
  }
}
