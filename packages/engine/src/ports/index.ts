/**
 * The engine's ports: everything it takes from the world. Six, each with six methods or fewer, each with an acceptance
 * suite (`@photon/engine/ports/acceptance`) that every adapter passes. Pinned; see spec/09-engine.md.
 */
export type * from "./clock.ts";
export * from "./failure.ts";
export type * from "./keystore.ts";
export * from "./store.ts";
export { timeoutSignal } from "./timeout.ts";
export * from "./transport.ts";
