/** The passphrase opener's private half as a vault keeps it: under the passphrase, and under a veil of that vault's own. */
import { type Bytes, sha256 } from "@photon/protocol/codec";
import { veilIdentity } from "@photon/protocol/archive";
import type { Located } from "./location.ts";

export const hashOf = (blob: Bytes): Bytes => new Uint8Array(sha256(blob));

/** Undefined without a passphrase opener. */
export const identityBlobOf = ({ passphrase, register }: Located): Bytes | undefined =>
  passphrase === undefined ? undefined : veilIdentity(passphrase.veil, register, passphrase.sealedIdentity);
