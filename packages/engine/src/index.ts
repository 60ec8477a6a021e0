export type * from "./api.ts";
export * from "./errors.ts";
export { createProfile, invitationRelay, joinProfile, openProfile, openRecovery, recoverProfile } from "./profile/profiles.ts";
export { cleanName } from "./profile/names.ts";
export { storeErrorProblem } from "./profile/store-problem.ts";
