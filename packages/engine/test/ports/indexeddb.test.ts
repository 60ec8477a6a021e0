import { describe } from "vitest";
import { openIndexedDbStore } from "@photon/engine/adapters/indexeddb";
import { encryptedStore, webKeyStore } from "@photon/engine/adapters/web";
import { keyStoreCases, storeCases } from "@photon/engine/ports/acceptance";
import { expectOk } from "@photon/protocol/codec";
import { runCases } from "./run-cases.ts";

// A browser has the real one; Node is given one that lives in memory.
if (!("indexedDB" in globalThis)) await import("fake-indexeddb/auto");

let places = 0;
const freshName = (): string => `acceptance-${Date.now()}-${(places += 1)}`;

describe("an IndexedDB store", () =>
  runCases(storeCases, () => {
    const name = freshName();
    return { open: async () => expectOk(await openIndexedDbStore(name)) };
  }));

describe("an encrypted store over an IndexedDB store", () =>
  runCases(storeCases, () => {
    const name = freshName();
    return {
      open: async () => expectOk(await encryptedStore(expectOk(await openIndexedDbStore(name)), webKeyStore(`${name}-keys`))),
    };
  }));

describe("a web key store", () =>
  runCases(keyStoreCases, () => {
    const name = freshName();
    return { keyStore: () => webKeyStore(name), otherDevice: () => webKeyStore(freshName()) };
  }));
