/** What the measurements of sessions share. */
import { rate as rateOf } from "../measure.ts";

/** In eights: what is measured takes far less than the clock's grain. */
export const rate = (once: () => Promise<void>, seconds?: number): Promise<number> => rateOf(once, seconds, 8);

/** 200 bytes: a short text with its id, time and kind. */
export const plaintext = new Uint8Array(200).fill(97);
