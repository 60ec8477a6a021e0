export { ancestors, missingHeads, statementsSince, topologicalOrder } from "./graph.ts";
export { isMemberSet, liveLeaves } from "./leaves.ts";
export { presume } from "./presume.ts";
export { reduce } from "./reduce.ts";
export { planMaturing } from "./rules/plan-matures.ts";
export { rivalWindow } from "./rules/retire-cycles-freeze.ts";
export type * from "./types.ts";
