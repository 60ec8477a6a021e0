export * from "./relay-api.ts";
