import type { Clock, Random } from "../../ports/index.ts";

export const systemClock: Clock = { now: () => Date.now() };

/** The most that one call of `getRandomValues` gives (Web Cryptography §10.1.1). */
const quota = 65_536;

export const systemRandom: Random = {
  bytes: (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += quota) crypto.getRandomValues(out.subarray(at, at + quota));
    return out;
  },
};
