import { describe, test } from "vitest";
import { fuzz } from "../queue/fuzz.ts";
import { fuzzTargets } from "./targets.ts";

describe("whatever a trustee, a dealer or a peer sends ends with a value or a typed error", () => {
  for (const target of fuzzTargets) test(target.name, () => fuzz(target));
});
