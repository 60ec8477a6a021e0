/** The peers, which are not installed with the workspace: `npm run bench` installs them beside it. */
import { plaintext } from "./measure.ts";

interface Peer {
  makeConversation(text: Uint8Array): Promise<() => Promise<void>>;
}
/** By an address, since what the peers import is there only once it was installed. */
const peer = async (file: string): Promise<Peer> => (await import(new URL(file, import.meta.url).href)) as Peer;

export const peers = [
  { name: "libsignal-client 0.103.0, 1 to 1", make: async () => (await peer("libsignal.mjs")).makeConversation(plaintext) },
  { name: "matrix-sdk-crypto-wasm 18.9.0, Megolm", make: async () => (await peer("matrix.mjs")).makeConversation(plaintext) },
] as const;
