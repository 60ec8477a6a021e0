export * from "./bodies.ts";
export * from "./ids.ts";
export * from "./parts.ts";
export * from "./recovery.ts";
export * from "./statement.ts";
export * from "./verify.ts";
