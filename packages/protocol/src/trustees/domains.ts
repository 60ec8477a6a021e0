/**
 * Every label of this area, once. No two uses share one, each carries its version, and none is the beginning of another: so
 * nothing that was made for one purpose is good for a second. See spec/11-trustees.md.
 *
 * | label           | used as                                   | what it separates                                              |
 * | --------------- | ----------------------------------------- | -------------------------------------------------------------- |
 * | `succession`    | tag of hash-to-curve into G1 (RFC 9380)   | what trustees sign, and nothing else is ever signed with it    |
 * | `holding`       | tag of hash-to-curve into G1              | proofs that a trustee holds its shares of the recovery keys    |
 * | `openerHolding` | tag of hash-to-curve into G2              | proofs that it holds its share of the opener                   |
 * | `generator`     | tag of hash-to-curve into G1              | the second generator of Pedersen's commitments                 |
 * | `request`       | beginning of what SHA-256 is taken of     | the request as one relationship is shown it                    |
 * | `statement`     | beginning of what SHA-256 is taken of     | the commitment to a `succeed` that trustees sign unseen        |
 * | `requestBlind`  | beginning of HKDF's info                  | what tells the requests of one person's relationships apart    |
 * | `blinding`      | beginning of HKDF's info                  | what tells the keys of one person's relationships apart        |
 * | `opener`        | HKDF's info                               | from the shared secret to the seed of the opener's identity    |
 * | `pseudonym`     | first item of what Ed25519 signs          | certificates of the pseudonyms of one plan                     |
 */
export const domains = {
  succession: "photon/trustees/succession/1/BLS12381G1_XMD:SHA-256_SSWU_RO_",
  holding: "photon/trustees/holding/1/BLS12381G1_XMD:SHA-256_SSWU_RO_",
  openerHolding: "photon/trustees/opener-holding/1/BLS12381G2_XMD:SHA-256_SSWU_RO_",
  generator: "photon/trustees/generator/1/BLS12381G1_XMD:SHA-256_SSWU_RO_",
  request: "photon/trustees/request/1",
  statement: "photon/trustees/statement/1",
  requestBlind: "photon/trustees/request-blind/1",
  blinding: "photon/trustees/blinding/1",
  opener: "photon/trustees/opener/1",
  pseudonym: "photon/trustees/pseudonym/1",
} as const;
