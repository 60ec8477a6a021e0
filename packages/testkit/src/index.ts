export * from "./chance.ts";
export * from "./faults.ts";
export * from "./kill-story.ts";
export * from "./processes.ts";
export * from "./proxy.ts";
export * from "./scenario.ts";
export * from "./world.ts";
