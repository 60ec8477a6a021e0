/** What Ana signs in the vectors: one draft or more of every statement type. */
import { type Bytes, concat } from "@photon/protocol/codec";
import {
  type Draft,
  ed25519Signer,
  makeGroupId,
  makeLeafId,
  makeSideId,
  makeStatementId,
  type Signer,
  type StatementType,
} from "@photon/protocol/statement";
import { fixed } from "../support.ts";

const seedOf = (who: string): Bytes => fixed(`seed of ${who}`, 32);
const signerOf = (who: string): Signer => ed25519Signer(seedOf(who));
export const leaf = (who: string) => ({ id: makeLeafId(signerOf(who).publicKey), lastResort: fixed(`key package of ${who}`, 64) });
export const head = (name: string) => makeStatementId(fixed(`head ${name}`, 32));
const inbox = (rotation: number) => ({
  relay: "https://relay.example",
  sendId: fixed("send id", 16),
  writeKey: fixed(`write key ${rotation}`, 32),
  sealKey: fixed(`seal key ${rotation}`, 32),
  rotation,
});
const suite = "ed25519-xwing-aes256gcm-sha512";
export const side = makeSideId(fixed("side", 32));
const claimedAt = 1_790_000_000_000;
const custody = { class: "device", strength: "software", escrow: false, shares: false, trustees: false } as const;
const noPlan = { version: 0, commitments: [], admissionKeys: [] };
const plan = {
  version: 3,
  commitments: [
    { threshold: 0, hash: fixed("commitment 0", 32) },
    { threshold: 1, hash: fixed("commitment 1", 32) },
  ],
  admissionKeys: [concat(signerOf("admission key").publicKey)],
};
export const ana = signerOf("Ana's phone");
/** Lengths and label of BLS12-381; nothing here verifies it. */
export const recovery: Signer = {
  publicKey: fixed("recovery key", 48),
  algorithm: "bls12381",
  sign: () => Promise.resolve(fixed("recovery signature", 96)),
};

export const drafts: { readonly [T in StatementType]: readonly (readonly [string, Draft<T>])[] } = {
  found: [
    [
      "without a plan",
      {
        type: "found",
        side,
        heads: [],
        claimedAt,
        body: { suite, leaf: leaf("Ana's phone"), inbox: inbox(0), custody, plan: noPlan },
      },
    ],
    [
      "of a host, with a plan",
      {
        type: "found",
        side,
        heads: [],
        claimedAt,
        body: {
          suite,
          leaf: leaf("Ana's phone"),
          inbox: inbox(0),
          custody: { ...custody, class: "host", host: "host.example", escrow: true },
          plan,
        },
      },
    ],
  ],
  admit: [
    [
      "two devices",
      {
        type: "admit",
        side,
        heads: [head("a")],
        claimedAt,
        body: { leaves: [leaf("Ana's laptop"), leaf("Ana's tablet")], proof: "device" },
      },
    ],
    [
      "by escrow",
      { type: "admit", side, heads: [head("a")], claimedAt, body: { leaves: [leaf("Ana's laptop")], proof: "escrow" } },
    ],
    [
      "by shares",
      { type: "admit", side, heads: [head("a")], claimedAt, body: { leaves: [leaf("Ana's laptop")], proof: "shares" } },
    ],
  ],
  retire: (["gone", "lost", "taken"] as const).map((reason) => [
    reason,
    {
      type: "retire",
      side,
      heads: [head("a"), head("b")],
      claimedAt,
      body: { leaves: [leaf("Ana's phone").id], reason, trusted: [head("a")] },
    },
  ]),
  plan: [
    [
      "everything set",
      {
        type: "plan",
        side,
        heads: [head("a")],
        claimedAt,
        body: {
          custody: {
            class: "device",
            strength: "attested",
            escrow: true,
            shares: true,
            trustees: true,
            attestation: fixed("attestation", 32),
          },
          plan,
        },
      },
    ],
  ],
  move: [["a rotation", { type: "move", side, heads: [head("a")], claimedAt, body: { inbox: inbox(1) } }]],
  succeed: [
    [
      "after an uncontested delay",
      {
        type: "succeed",
        side,
        heads: [head("a")],
        claimedAt,
        body: {
          suite,
          epoch: 1,
          planVersion: 3,
          threshold: 0,
          leaves: [leaf("Ana's new phone")],
          inbox: inbox(2),
          custody: { ...custody, trustees: true },
          plan,
          request: fixed("request", 32),
          notBefore: claimedAt + 172_800_000,
          expiry: claimedAt + 1_382_400_000,
          nonce: fixed("nonce", 32),
          publicKey: fixed("recovery key", 48),
          salt: fixed("salt", 32),
        },
      },
    ],
  ],
  contest: [
    [
      "before a succession is seen",
      { type: "contest", side, heads: [head("a")], claimedAt, body: { request: fixed("request", 32), reason: "not-me" } },
    ],
    [
      "of a succession",
      {
        type: "contest",
        side,
        heads: [head("a")],
        claimedAt,
        body: { request: fixed("request", 32), reason: "still-here", succession: head("b") },
      },
    ],
  ],
  close: (["goodbye", "moved"] as const).map((reason) => [
    reason,
    { type: "close", side, heads: [head("a")], claimedAt, body: { reason } },
  ]),
  generation: [
    [
      "the first",
      {
        type: "generation",
        side,
        heads: [head("a")],
        claimedAt,
        body: {
          suite,
          number: 1,
          group: makeGroupId(fixed("group", 32)),
          parents: [],
          members: [leaf("Ana's phone").id, leaf("Ben's phone").id],
          peerHeads: [head("b")],
          welcome: fixed("welcome", 32),
          lastResort: [leaf("Ben's phone").id],
        },
      },
    ],
  ],
};
