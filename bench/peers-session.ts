/**
 * A message sealed and opened by Photon's session, by libsignal and by matrix-sdk-crypto, in turns in one process.
 * `npm run bench peers-session`
 *
 * What differs, beside the language: libsignal is native and signs no message; Megolm is WebAssembly, signs each and has no
 * post-quantum part; Photon is JavaScript over OpenSSL, signs each, and opens for any number of leaves. Photon encodes and
 * libsignal serialises both states with each message, as storing them needs; Megolm here keeps its state in memory.
 */
import { nodeSessionCrypto } from "@photon/engine/adapters/node";
import { makeSession, portableCrypto } from "@photon/protocol/session";
import { isQuick, reporter } from "./measure.ts";
import { rate } from "./session/measure.ts";
import { peers } from "./session/peers.ts";
import { makeConversation } from "./session/photon.ts";

const report = reporter("peers-session");
const unit = "pairs/s of CPU";
const conversations = [
  { name: "native", once: await makeConversation(await makeSession(nodeSessionCrypto), 4), rates: [] as number[] },
  { name: "portable", once: await makeConversation(await makeSession(portableCrypto), 4), rates: [] as number[] },
];
for (const { name, make } of peers) conversations.push({ name, once: await make(), rates: [] });

// In turns, so that a noisy moment of the machine meets all.
for (let round = 0; round < (isQuick ? 1 : 4); round++) {
  for (const { once, rates } of conversations) rates.push(await rate(once, 1));
}
const [native, portable, ...others] = conversations.map(({ name, rates }) => ({ name, value: Math.max(...rates) }));
if (native === undefined || portable === undefined) throw new Error("Photon itself was not measured");
report({ what: "Photon's session, 4 leaves, native primitives", value: native.value, unit });
report({ what: "Photon's session, 4 leaves, portable primitives", value: portable.value, unit });
for (const { name, value } of others) report({ what: `Photon's session beside ${name}`, value: native.value, beside: value, unit });
