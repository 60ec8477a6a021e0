export type { Awaitable, SessionCrypto } from "./crypto.ts";
export { portableCrypto } from "./portable-crypto.ts";
export { makeSession } from "./session.ts";
export type * from "./types.ts";
