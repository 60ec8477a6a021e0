import { randomFillSync } from "node:crypto";
import type { Clock, Random } from "../../ports/index.ts";

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (length) => randomFillSync(new Uint8Array(length)) };
