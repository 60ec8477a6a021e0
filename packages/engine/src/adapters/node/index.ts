export * from "./encrypted-store.ts";
export * from "./keystore.ts";
export * from "./platform.ts";
export { nodeSessionCrypto } from "./session-crypto.ts";
