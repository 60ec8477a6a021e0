export { ancestors, missingHeads, statementsSince, topologicalOrder } from "./graph.ts";
export { isMemberSet, liveLeaves } from "./leaves.ts";
export { presume, reduce } from "./reduce.ts";
export { escalationWait } from "./rules/contest-escalates.ts";
export { planGrace } from "./rules/grace-of-plans.ts";
export { maxVersionStep, planMaturing } from "./rules/plan-matures.ts";
export { replacementWait } from "./rules/replacing-plans-wait.ts";
export { rivalWindow } from "./rules/retire-cycles-freeze.ts";
export type * from "./types.ts";
