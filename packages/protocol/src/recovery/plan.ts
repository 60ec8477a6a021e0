/** The numbers of a trustee plan that a person chooses, and what the rules make of them. See spec/12-recovery.md. */

const hour = 3_600_000;
export const day = 24 * hour;

/** Hours that pass between enough approvals and the first share, and once more at each peer (R4). */
export const defaultDelayHours = 48;
export const maxDelayHours = 14 * 24;
/** After a contest: the second key signs this much later, for trustees and for peers alike (R5). */
export const contestDelay = 7 * day;
/** A request that nobody has finished by then is over (R12). */
export const requestLife = 14 * day;
/** What a trustee who was pressed adds to the delay, once, however many were (R9). */
export const pressureDelay = 7 * day;
/** A device that was itself recovered less than this ago does not approve (R12). */
export const recoveredQuarantine = 30 * day;
/** Proofs of holding: when they are asked for, when they are stale, when the share counts as lost (R10). */
export const proofEvery = 30 * day;
export const proofStale = 45 * day;
export const proofLost = 90 * day;
export const willingEvery = 365 * day;
