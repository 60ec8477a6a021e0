/** Every decoder that has vectors of plain bytes: what it accepts must encode to the very bytes that came in. */
import { toHex } from "@photon/protocol/codec";
import { topics } from "../../../../vectors/topics/index.ts";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { vectorBytes } from "./read.ts";

/** These have targets of their own, beside their tests. */
const elsewhere = ["encoding", "statement"];

export const fuzzTargets: readonly FuzzTarget[] = topics
  .filter(({ name }) => !elsewhere.includes(name))
  .flatMap(({ name, types }) =>
    Object.entries(types).map(([type, decode]): FuzzTarget => ({
      name: `vectors of ${name}: ${type}`,
      valid: vectorBytes(name, type),
      run: async (input) => {
        const outcome = await decode({ bytes: toHex(input) });
        expectOutcome(outcome.ok ? outcome : { ok: false, error: { detail: "", ...outcome.error } });
      },
    })),
  )
  .filter(({ valid }) => valid.length > 0);
