import { describe } from "vitest";
import { httpBlobStore, httpTransport } from "@photon/engine/adapters/http";
import { nodeSocket } from "@photon/engine/adapters/http/node";
import { blobStoreCases, transportCases } from "@photon/engine/ports/acceptance";
import { memoryRelay } from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { server } from "../../../server/test/people.ts";
import { runCases } from "./run-cases.ts";

/** Where a server was, and is no more. */
async function left(): Promise<string> {
  const { url, close } = await server();
  await close();
  return url;
}

describe("a transport over HTTP", () =>
  runCases(transportCases, async () => ({
    transport: httpTransport({ socket: nodeSocket }),
    relay: (await server()).url,
    nobody: await left(),
  })));

describe("a transport to a relay in memory", () =>
  runCases(transportCases, () => ({ transport: memoryRelay(), relay: "https://memory.example", nobody: undefined })));

describe("a blob store over HTTP", () =>
  runCases(blobStoreCases, async () => ({ blobs: httpBlobStore(), vault: (await server()).url, nobody: await left() })));

describe("a blob store at a vault in memory", () =>
  runCases(blobStoreCases, () => ({ blobs: memoryVault(), vault: "https://memory.example", nobody: undefined })));
