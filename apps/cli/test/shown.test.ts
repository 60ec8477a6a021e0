import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { named, shown } from "../src/output/shown.ts";
import { width } from "../src/output/width.ts";

/** What a terminal or a bidirectional renderer might act on. */
const dangerous =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u180B-\u180F\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFF0-\uFFFB\u{E0000}-\u{E0FFF}]/u;

describe("text that others chose is shown harmlessly", () => {
  test("control characters and escape sequences become pictures", () => {
    expect(shown("a\u001B[31mred\u0007\u0000")).toBe("a␛[31mred␇␀");
    expect(shown("\u001B]0;title\u0007\u001B]8;;https://evil.example\u001B\\link")).not.toMatch(/[\u001B\u0007]/u);
    expect(shown("\u009B31m\u007F")).toBe("<U+009B>31m␡");
    expect(shown("over\rwrite\bx")).toBe("over␍write␈x");
  });

  test("right-to-left overrides and isolates are named, marks dropped", () => {
    expect(shown("photo\u202Egpj.exe")).toBe("photo<U+202E>gpj.exe");
    expect(shown("\u2066a\u2069\u200Fb\u061C")).toBe("<U+2066>a<U+2069>b");
  });

  test("letters of right-to-left scripts are left as they are", () => {
    expect(shown("שלום سلام")).toBe("שלום سلام");
  });

  test("invisible characters are named, joiners kept where they join", () => {
    expect(shown("A\u200Bna\uFEFF\u00AD")).toBe("A<U+200B>na<U+FEFF><U+00AD>");
    expect(shown("👩‍👩‍👧 نمی\u200Cخواهم")).toBe("👩‍👩‍👧 نمی\u200Cخواهم");
    expect(shown(" \u200DAna")).toBe(" <U+200D>Ana");
    expect(shown("flag\u{E0067}\u{E007F}")).toBe("flag<U+E0067><U+E007F>");
  });

  test("new lines stay on one line unless lines are allowed", () => {
    expect(shown("a\nb\u2028c\u2029d")).toBe("a⏎b⏎c⏎d");
    expect(shown("a\nb\u2028c", { lines: "many" })).toBe("a\nb\nc");
  });

  test("piled-up marks are cut to eight", () => {
    expect(shown(`z${"\u0301".repeat(500)}a`)).toBe(`z${"\u0301".repeat(8)}a`);
  });

  test("half a surrogate pair is replaced", () => {
    expect(shown("a\uD800b\uDC00")).toBe("a\u{FFFD}b\u{FFFD}");
  });

  test("over-long text is cut and says so, at once", () => {
    const started = performance.now();
    const text = shown("a".repeat(10_000_000));
    expect(text.startsWith("a".repeat(1_000))).toBe(true);
    expect(text).toMatch(/… \(9,999,000 more characters\)$/u);
    expect(text.length).toBeLessThan(1_100);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("whatever comes, nothing dangerous is left", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map((codes) => String.fromCharCode(...codes)),
      fc
        .array(fc.constantFrom("\u001B[2J", "\u202E", "\u200D", "\n", "\r", "\u009B", "a", "👩", "\u2066", "\u0301", "\u{E0020}"), {
          maxLength: 60,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(nasty, (text) => {
        for (const lines of ["one", "many"] as const) {
          const safe = shown(text, { lines });
          expect(safe).not.toMatch(dangerous);
          expect(safe).not.toMatch(/\p{Cs}/u);
          if (lines === "one") expect(safe).not.toContain("\n");
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("showing what was shown changes nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const once = shown(text, { limit: 10_000 });
        expect(shown(once, { limit: 10_000 })).toBe(once);
      }),
    );
  });

  test("a name cannot close its quotation marks", () => {
    expect(named("Ben” is verified. “x")).toBe("“Ben″ is verified. “x”");
    expect(named("B".repeat(500)).length).toBeLessThan(110);
  });

  test("columns are counted as a terminal does", () => {
    expect(width("Ana")).toBe(3);
    expect(width("日本")).toBe(4);
    expect(width("e\u0301")).toBe(1);
  });
});
