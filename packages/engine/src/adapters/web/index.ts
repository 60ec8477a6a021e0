export * from "./encrypted-store.ts";
export * from "./keystore.ts";
export * from "./platform.ts";
export * from "./profile-lock.ts";
export { webSessionCrypto } from "./session-crypto.ts";
