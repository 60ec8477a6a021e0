/**
 * Pseudonyms: who may write on a plan queue, without saying who that is. The dealer, a key that the plan's owner made for
 * this one plan, certifies an Ed25519 key for each trustee and one for the owner's devices. See spec/12-recovery.md.
 */
import { asBytes, type Bytes, encodeCbor } from "../codec/index.ts";
import { type Signer, verifyEd25519 } from "../statement/index.ts";

export const roles = { trustee: 0, device: 1 } as const;
export type Role = keyof typeof roles;

export interface PlanName {
  /** 32 random bytes: names the plan of one version. */
  readonly plan: Bytes;
  readonly version: number;
}

/** What the dealer signs of a pseudonym: Ed25519 over this. */
export const certificateInput = ({ plan, version }: PlanName, role: Role, pseudonym: Bytes): Bytes =>
  encodeCbor(["photon/plan/pseudonym/1", plan, version, roles[role], pseudonym]);

export async function certify(dealer: Signer, name: PlanName, role: Role, pseudonym: Bytes): Promise<Bytes> {
  return asBytes(await dealer.sign(certificateInput(name, role, pseudonym)));
}

export const verifyCertificate = (dealerKey: Bytes, name: PlanName, role: Role, pseudonym: Bytes, certificate: Bytes): boolean =>
  verifyEd25519(dealerKey, certificateInput(name, role, pseudonym), certificate);
