export * from "./encrypted-store.ts";
export * from "./keystore.ts";
export * from "./platform.ts";
export { nodeQueueCrypto } from "./queue-crypto.ts";
export { nodeSessionCrypto } from "./session-crypto.ts";
