import { describe, test } from "vitest";
import { fuzz } from "../queue/fuzz.ts";
import { fuzzTargets } from "./targets.ts";

describe("every decoder of the archive ends with a value or a typed error, whatever the bytes", () => {
  for (const target of fuzzTargets) test(target.name, () => fuzz(target));
});
