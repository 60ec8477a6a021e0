/**
 * Pseudonyms of one plan: Ed25519 keys that sign entries of the plan queue. Whoever reads it sees that an entry is by one of the
 * plan, and by one of its devices or of its trustees, and not by whom. The owner's devices do know which trustee has which: so what
 * nobody is to be known by is said by the one pseudonym that all trustees share (R9). The dealer's key certifies each; it is made
 * with the plan, and its private half is nobody's once all are certified.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { asBytes, type Bytes, encodeCbor } from "../codec/index.ts";
import { verifyEd25519 } from "../statement/index.ts";
import { domains } from "./domains.ts";

/** `joint`: all trustees of a plan version together; whoever they are, there is one. */
export const pseudonymRoles = { trustee: 0, device: 1, joint: 2 } as const;
export type PseudonymRole = keyof typeof pseudonymRoles;

export interface Pseudonym {
  /** Id and version of the plan. */
  readonly plan: Bytes;
  readonly version: number;
  readonly role: PseudonymRole;
  /** Ed25519 public key. */
  readonly key: Bytes;
}

const certified = ({ plan, version, role, key }: Pseudonym): Bytes =>
  encodeCbor([domains.pseudonym, plan, version, pseudonymRoles[role], key]);

/** The public half of an Ed25519 seed. */
export const pseudonymKey = (seed: Bytes): Bytes => asBytes(ed25519.getPublicKey(seed));

/** @param dealerSeed Ed25519 seed, 32 bytes. @returns 64 bytes. */
export const certifyPseudonym = (dealerSeed: Bytes, pseudonym: Pseudonym): Bytes =>
  asBytes(ed25519.sign(certified(pseudonym), dealerSeed));

/** @param dealer the dealer's public key, as every packet of the plan names it. */
export const isCertified = (dealer: Bytes, pseudonym: Pseudonym, certificate: Bytes): boolean =>
  verifyEd25519(dealer, certified(pseudonym), certificate);
