export * from "./chance.ts";
export * from "./faults.ts";
export * from "./scenario.ts";
export * from "./world.ts";
