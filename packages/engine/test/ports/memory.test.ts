import { describe } from "vitest";
import { memoryKeyStore, type MemoryStore, memoryStore } from "@photon/engine/adapters/memory";
import { encryptedStore, systemRandom } from "@photon/engine/adapters/web";
import { keyStoreCases, type StorePlace, storeCases } from "@photon/engine/ports/acceptance";
import { expectOk } from "@photon/protocol/codec";
import { runCases } from "./run-cases.ts";

/** Opening again starts from what the one before left. */
function memoryPlace(): StorePlace {
  let last: MemoryStore | undefined;
  return { open: async () => (last = memoryStore(last?.snapshot())) };
}

describe("a memory store", () => runCases(storeCases, memoryPlace));

describe("an encrypted store (WebCrypto) over a memory store", () =>
  runCases(storeCases, () => {
    const keys = memoryKeyStore(systemRandom);
    const inner = memoryPlace();
    return { open: async () => expectOk(await encryptedStore(await inner.open(), keys)) };
  }));

describe("a memory key store", () =>
  runCases(keyStoreCases, () => {
    const keys = memoryKeyStore(systemRandom);
    return { keyStore: () => keys, otherDevice: () => memoryKeyStore(systemRandom) };
  }));
