/** One draft of every statement type, with every field filled, made from seeds. Ana's side; Ben is her peer. */
import { type Bytes, concat, utf8 } from "@photon/protocol/codec";
import {
  type Draft,
  ed25519Signer,
  type Inbox,
  type Leaf,
  makeGroupId,
  makeLeafId,
  makeSideId,
  makeStatementId,
  type PlanParts,
  type Signer,
  type StatementType,
} from "@photon/protocol/statement";
import { sha256 } from "@noble/hashes/sha2.js";

/** 32 bytes that depend on the name alone. */
export const seedOf = (name: string): Bytes => concat(sha256(utf8(`photon sample: ${name}`)));
const fill = (name: string, length: number): Bytes => {
  let out: Bytes = new Uint8Array();
  for (let i = 0; out.length < length; i++) out = concat(out, seedOf(`${name} ${i}`));
  return concat(out.subarray(0, length));
};

export const ana: Signer = ed25519Signer(seedOf("Ana's phone"));
/** Carries a BLS12-381 label and lengths; what it signs is not checked by `parseStatement`. */
export const recovery: Signer = {
  publicKey: fill("recovery key", 48),
  algorithm: "bls12381",
  sign: (message) => Promise.resolve(concat(sha256(message), sha256(concat(message, Uint8Array.of(1))), fill("signature", 32))),
};

export const leafOf = (name: string): Leaf => ({
  id: makeLeafId(ed25519Signer(seedOf(name)).publicKey),
  lastResort: fill(`${name}'s key package`, 40),
});
export const side = makeSideId(seedOf("Ana's side"));
const head = (name: string) => makeStatementId(seedOf(name));
const inbox = (rotation: number): Inbox => ({
  relay: "https://relay.example",
  sendId: fill("send id", 16),
  writeKey: seedOf("write key"),
  sealKey: seedOf(`seal key ${rotation}`),
  rotation,
});
const emptyPlan: PlanParts = { version: 0, commitments: [], admissionKeys: [] };
const fullPlan: PlanParts = {
  version: 3,
  commitments: [
    { threshold: 0, hash: seedOf("commitment 0") },
    { threshold: 1, hash: seedOf("commitment 1") },
  ],
  admissionKeys: [ed25519Signer(seedOf("admission 0")).publicKey, ed25519Signer(seedOf("admission 1")).publicKey].map((key) =>
    concat(key),
  ),
};
const custody = { class: "device", strength: "software", escrow: false, shares: false, trustees: false } as const;
const claimedAt = 1_790_000_000_000;

export const drafts: { readonly [T in StatementType]: Draft<T> } = {
  found: {
    type: "found",
    side,
    heads: [],
    claimedAt,
    body: { suite: "ed25519-xwing-aes256gcm-sha512", leaf: leafOf("Ana's phone"), inbox: inbox(0), custody, plan: emptyPlan },
  },
  admit: {
    type: "admit",
    side,
    heads: [head("found")],
    claimedAt,
    body: { leaves: [leafOf("Ana's laptop"), leafOf("Ana's tablet")], proof: "device" },
  },
  retire: {
    type: "retire",
    side,
    heads: [head("admit"), head("plan")],
    claimedAt,
    body: { leaves: [leafOf("Ana's tablet").id], reason: "lost", trusted: [head("admit")] },
  },
  plan: {
    type: "plan",
    side,
    heads: [head("retire")],
    claimedAt,
    body: {
      custody: {
        class: "host",
        strength: "attested",
        escrow: true,
        shares: true,
        trustees: true,
        host: "host.example",
        attestation: fill("attestation", 20),
      },
      plan: fullPlan,
    },
  },
  move: { type: "move", side, heads: [head("plan")], claimedAt, body: { inbox: inbox(4_294_967_295) } },
  succeed: {
    type: "succeed",
    side,
    heads: [head("move"), head("close")],
    claimedAt,
    body: {
      suite: "ed25519-xwing-aes256gcm-sha512",
      epoch: 1,
      planVersion: 3,
      threshold: 1,
      leaves: [leafOf("Ana's new phone")],
      inbox: inbox(1),
      custody,
      plan: fullPlan,
      request: seedOf("request"),
      notBefore: claimedAt + 172_800_000,
      expiry: claimedAt + 1_382_400_000,
      nonce: seedOf("nonce"),
      publicKey: concat(recovery.publicKey),
      salt: seedOf("salt"),
    },
  },
  contest: {
    type: "contest",
    side,
    heads: [head("succeed")],
    claimedAt,
    body: { request: seedOf("request"), reason: "not-me", succession: head("succeed") },
  },
  close: { type: "close", side, heads: [head("contest")], claimedAt, body: { reason: "goodbye" } },
  generation: {
    type: "generation",
    side,
    heads: [head("admit")],
    claimedAt,
    body: {
      suite: "ed25519-xwing-aes256gcm-sha512",
      number: 2,
      group: makeGroupId(seedOf("group")),
      parents: [head("generation 1")],
      members: [leafOf("Ana's phone").id, leafOf("Ana's laptop").id, leafOf("Ben's phone").id],
      peerHeads: [head("Ben's found")],
      welcome: seedOf("welcome"),
      lastResort: [leafOf("Ben's phone").id],
    },
  },
};
export const signerOf = (type: StatementType): Signer => (type === "succeed" ? recovery : ana);
