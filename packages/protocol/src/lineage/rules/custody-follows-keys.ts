import type { KnownStatement } from "../../statement/index.ts";
import { hasBit } from "../bits.ts";
import { entryAt, nodeAt, planOf } from "../ledger.ts";
import { leafWithin } from "../present.ts";
import type { Resolution } from "../resolution.ts";
import { namesItsHost } from "./one-foundation.ts";

/**
 * A side with a host's key cannot say `device`: a `plan` that says so is void while a leaf that signed a `found` or `plan`
 * with the class `host` is live or frozen in the plan's own past, and so is one that names a host without being hosted,
 * or the reverse.
 */
export function custodyFollowsKeys(plan: KnownStatement<"plan">, view: Resolution): boolean {
  const { custody } = plan.body;
  if (!namesItsHost(custody)) return false;
  if (custody.class === "host") return true;
  return hostLeaves(view).every((leaf) => leafWithin(view, leaf).status === "retired");
}

/** The leaves that ever said, in a statement that stands, that this side is hosted. */
function hostLeaves({ ledger, within, labelOf }: Resolution): readonly string[] {
  const out = new Set<string>();
  for (const index of [ledger.root, ...ledger.plans]) {
    if (!hasBit(within, index) || labelOf(index) === "out") continue;
    if (planOf(nodeAt(ledger, index).statement)?.custody.class !== "host") continue;
    const { leaf, brings } = entryAt(ledger, index);
    // A recovery key says it for the leaves that it brings in.
    for (const one of leaf === undefined ? brings : [leaf]) out.add(one);
  }
  return [...out];
}
