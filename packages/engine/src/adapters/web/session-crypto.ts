import { portableCrypto, type SessionCrypto } from "@photon/protocol/session";

/**
 * The session's primitives in a browser. A message needs a dozen small hashes and ciphers, each of which WebCrypto answers
 * through a promise and a key import that cost more than the work itself; so they are the portable ones.
 */
export const webSessionCrypto: SessionCrypto = portableCrypto;
