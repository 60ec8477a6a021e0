export * from "./auth.ts";
export * from "./change.ts";
export * from "./head.ts";
export * from "./openers.ts";
export { padmeLength } from "./padding.ts";
export * from "./passphrase.ts";
export * from "./segment.ts";
export * from "./vault-api.ts";
