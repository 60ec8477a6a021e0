export * from "./auth.ts";
export * from "../queue/change.ts";
export * from "./export.ts";
export * from "./head.ts";
export * from "./openers.ts";
export { padmeLength } from "./padding.ts";
export * from "./passphrase.ts";
export * from "./segment.ts";
export * from "./vault-api.ts";
