export * from "./vault-api.ts";
