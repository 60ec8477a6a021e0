/** How the MLS library is set up, and what is kept of a group that it made. */
import type { ClientConfig } from "ts-mls/clientConfig.js";
import type { ClientState } from "ts-mls/clientState.js";
import { defaultKeyPackageEqualityConfig } from "ts-mls/keyPackageEqualityConfig.js";
import { ownBytes } from "../codec/index.ts";
import type { GroupId, LeafId } from "../statement/index.ts";
import { isCredentialOf } from "./leaf-node.ts";
import { at, newGeneration } from "./state.ts";
import { erase } from "./suite.ts";
import type { Generation, LeafKeys } from "./types.ts";

export const noPadding = { kind: "padUntilLength", padUntilLength: 0 } as const; // the queue pads

/** Nothing skipped is kept: messages are opened in order, so nothing is ever skipped. 0 epochs would mean all. */
export const retention = { retainKeysForGenerations: 1, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 0 };

export const clientConfig: ClientConfig = {
  keyRetentionConfig: retention,
  lifetimeConfig: { maximumTotalLifetime: 0xffff_ffff_ffff_ffffn, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
  paddingConfig: noPadding,
  authService: {
    validateCredential: (credential, signatureKey) => Promise.resolve(isCredentialOf(credential, signatureKey)),
  },
};

/**
 * Takes what application messages need out of the library's state and erases every other secret in it.
 * @param leaves the members by leaf index, already compared with the library's tree.
 */
export function generationFrom(state: ClientState, group: GroupId, self: LeafKeys, leaves: readonly LeafId[]): Generation {
  const { groupContext, keySchedule, secretTree, privatePath } = state;
  const generation = newGeneration(
    {
      group,
      epoch: groupContext.epoch === 0n ? 0 : 1,
      treeHash: ownBytes(groupContext.treeHash),
      transcriptHash: ownBytes(groupContext.confirmedTranscriptHash),
      leaves,
      selfIndex: privatePath.leafIndex,
      seed: ownBytes(self.seed),
      senderDataSecret: ownBytes(keySchedule.senderDataSecret),
    },
    leaves.map((_, index) => ({ counter: 0, secret: ownBytes(at(secretTree, 2 * index).application.secret) })),
  );
  erase(Object.values(keySchedule));
  for (const { application, handshake } of secretTree) erase([application.secret, handshake.secret]);
  erase(Object.values(privatePath.privateKeys));
  return generation;
}

/** The library tells failures by throwing; what it threw, as words for an error's detail. */
export const thrown = (error: unknown): string => (error instanceof Error ? error.message : "the library refused");
