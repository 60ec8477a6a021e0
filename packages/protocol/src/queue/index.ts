export * from "./auth.ts";
export * from "./change.ts";
export * from "./content.ts";
export * from "./envelope.ts";
export * from "./fragments.ts";
export * from "./keys.ts";
export * from "./relay-api.ts";
export * from "./seal.ts";
