import { describe, expect, test } from "vitest";
import { fuzz } from "../queue/fuzz.ts";
import { fuzzTargets, unchanged } from "./targets.ts";

describe("every decoder of the session gives a value or a typed error, whatever the bytes", () => {
  for (const target of fuzzTargets) test(target.name, () => fuzz(target, 2000, 1000));

  test("the targets that mutate what is inside a seal reach what is behind it", async () => {
    expect(await unchanged.open()).toMatchObject({ ok: true, value: { counter: 0 } });
    // The group secrets are not the founder's, so the library must notice: it got as far as the confirmation tag.
    expect(await unchanged.join()).toMatchObject({
      ok: false,
      error: { code: "cannot-open", detail: expect.stringContaining("confirmation tag") as string },
    });
  });
});
