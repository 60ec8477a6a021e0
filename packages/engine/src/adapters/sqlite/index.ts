export * from "./profile-lock.ts";
export * from "./store.ts";
