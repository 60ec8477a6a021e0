import { describe, test } from "vitest";
import { fuzz } from "../queue/fuzz.ts";
import { fuzzTargets } from "./targets.ts";

describe("whatever lies in a drop, on a plan queue or in a reply inbox ends with a value or a typed error", () => {
  for (const target of fuzzTargets) test(target.name, () => fuzz(target));
});
