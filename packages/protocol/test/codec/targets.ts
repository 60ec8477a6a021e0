/** What anyone feeds to the codec. */
import { decodeCbor, encodeCbor, equalBytes } from "@photon/protocol/codec";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { vectorBytes } from "../vectors/read.ts";

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "decodeCbor",
    valid: vectorBytes("encoding", "item"),
    run: (input) => {
      const decoded = decodeCbor(input, 1 << 20);
      expectOutcome(decoded);
      if (decoded.ok && !equalBytes(encodeCbor(decoded.value), input)) throw new Error("accepted, but encodes differently");
    },
  },
];
