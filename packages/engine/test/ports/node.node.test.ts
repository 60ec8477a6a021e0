import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { memoryKeyStore } from "@photon/engine/adapters/memory";
import { encryptedStore, nodeKeyStore, systemRandom } from "@photon/engine/adapters/node";
import { openSqliteStore } from "@photon/engine/adapters/sqlite";
import { keyStoreCases, storeCases } from "@photon/engine/ports/acceptance";
import { expectOk } from "@photon/protocol/codec";
import { runCases } from "./run-cases.ts";

const root = mkdtempSync(join(tmpdir(), "photon-ports-"));
const freshFolder = (): string => mkdtempSync(join(root, "place-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("a SQLite store", () =>
  runCases(storeCases, () => {
    const folder = freshFolder();
    return { open: async () => expectOk(await openSqliteStore(join(folder, "profile.db"))) };
  }));

describe("an encrypted store (OpenSSL) over a SQLite store", () =>
  runCases(storeCases, () => {
    const folder = freshFolder();
    const keys = memoryKeyStore(systemRandom);
    return { open: async () => expectOk(await encryptedStore(expectOk(await openSqliteStore(join(folder, "profile.db"))), keys)) };
  }));

describe("a Node key store", () =>
  runCases(keyStoreCases, () => {
    const folder = freshFolder();
    return { keyStore: () => nodeKeyStore(folder), otherDevice: () => nodeKeyStore(freshFolder()) };
  }));
