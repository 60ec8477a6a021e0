import { found } from "./found.ts";
import { join } from "./join.ts";
import { open, seal } from "./conversation.ts";
import type { SessionCrypto } from "./crypto.ts";
import { checkKeyPackage, makeKeyPackage } from "./key-package.ts";
import { openWithPackage, sealToPackages } from "./package-seal.ts";
import { decodeGeneration, encodeGeneration } from "./state.ts";
import { suiteOver } from "./suite.ts";
import type { Session } from "./types.ts";

/** A session module over the primitives of one platform. It holds no state of its own and can be shared. */
export async function makeSession(crypto: SessionCrypto): Promise<Session> {
  const suite = await suiteOver(crypto);
  return {
    makeKeyPackage: (leaf) => makeKeyPackage(suite, leaf),
    inspectKeyPackage: async (bytes) => {
      const checked = await checkKeyPackage(suite, bytes);
      return checked.ok ? { ok: true, value: { leaf: checked.value.leaf, ref: checked.value.ref } } : checked;
    },
    found: (group, self, others) => found(suite, group, self, others),
    join: (welcome, self, packages, expected) => join(suite, welcome, self, packages, expected),
    seal: (generation, plaintext) => seal(crypto, generation, plaintext),
    open: (generation, message) => open(crypto, generation, message),
    encode: encodeGeneration,
    decode: decodeGeneration,
    sealToPackages: (packages, context, plaintext) => sealToPackages(crypto, suite, packages, context, plaintext),
    openWithPackage: (sealed, own, context) => openWithPackage(crypto, suite, sealed, own, context),
  };
}
