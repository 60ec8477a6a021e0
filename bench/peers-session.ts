/**
 * A message sealed and opened by Photon, by libsignal and by matrix-sdk-crypto, in turns in one process. The peers are not
 * installed with the workspace: `npm ci --prefix bench`, then `npx tsx --conditions photon-source bench/peers-session.ts`.
 *
 * What differs, beside the language: libsignal is native and signs no message; Megolm is WebAssembly, signs each and has no
 * post-quantum part; Photon is JavaScript over OpenSSL, signs each, and opens for any number of leaves. Photon encodes and
 * libsignal serialises both states with each message, as storing them needs; Megolm here keeps its state in memory.
 */
import { existsSync } from "node:fs";
import { nodeSessionCrypto } from "@photon/engine/adapters/node";
import { makeSession, portableCrypto } from "@photon/protocol/session";
import { median, plaintext, rate, report } from "./session/measure.ts";
import { makeConversation } from "./session/photon.ts";

interface Peer {
  makeConversation(text: Uint8Array): Promise<() => Promise<void>>;
}
/** By an address, since what the peers import is there only once it was installed. */
const peer = async (file: string): Promise<Peer> => (await import(new URL(`session/${file}`, import.meta.url).href)) as Peer;

if (existsSync(new URL("node_modules", import.meta.url))) {
  const session = await makeSession(nodeSessionCrypto);
  const conversations = {
    photon: await makeConversation(session, 4),
    portable: await makeConversation(await makeSession(portableCrypto), 4),
    libsignal: await (await peer("libsignal.mjs")).makeConversation(plaintext),
    matrix: await (await peer("matrix.mjs")).makeConversation(plaintext),
  };
  type Name = keyof typeof conversations;
  const names = Object.keys(conversations) as Name[];
  const rates: Record<Name, number[]> = { photon: [], portable: [], libsignal: [], matrix: [] };
  // In turns, so that a noisy moment of the machine meets all.
  for (let round = 0; round < 3; round++) {
    for (const name of names) rates[name].push(await rate(conversations[name], 0.2));
  }
  const unit = "pairs/s of CPU";
  const photon = median(rates.photon);
  report({ what: "Photon, 4 leaves, native primitives", value: photon, unit });
  report({ what: "Photon, 4 leaves, portable primitives", value: median(rates.portable), unit });
  for (const [name, what] of [
    ["libsignal", "Photon beside libsignal-client 0.103.0, 1 to 1"],
    ["matrix", "Photon beside matrix-sdk-crypto-wasm 18.9.0, Megolm"],
  ] as const) {
    report({ what, value: photon, beside: median(rates[name]), unit });
  }
} else {
  process.stdout.write(`${JSON.stringify({ suite: "session", skipped: "npm ci --prefix bench installs the peers" })}\n`);
}
