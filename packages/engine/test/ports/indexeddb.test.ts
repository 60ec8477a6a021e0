import { describe } from "vitest";
import { openIndexedDbStore } from "@photon/engine/adapters/indexeddb";
import { encryptedStore, webKeyStore } from "@photon/engine/adapters/web";
import { keyStoreCases, storeCases } from "@photon/engine/ports/acceptance";
import { expectOk } from "@photon/protocol/codec";
import { ensureIndexedDb } from "../ensure-indexeddb.ts";
import { runCases } from "./run-cases.ts";

await ensureIndexedDb();

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
