export * from "./blinding.ts";
export * from "./deal.ts";
export * from "./domains.ts";
export * from "./error.ts";
export * from "./holding.ts";
export * from "./opener-share.ts";
export type { OpenerIdentity } from "./opener.ts";
export * from "./packet.ts";
export * from "./partials.ts";
export * from "./pseudonym.ts";
export { type Random, type Scalar, scalarSchema } from "./scalars.ts";
export * from "./shares.ts";
export * from "./succession.ts";
export * from "./thresholds.ts";
export {
  neededFor,
  parseVerification,
  type Verification,
  type VerificationData,
  verificationSchema,
  verifyShares,
} from "./verification.ts";
