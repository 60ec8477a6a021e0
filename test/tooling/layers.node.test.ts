import { describe, expect, test } from "vitest";
import { areas, checkFile } from "../../scripts/layers.ts";
import { scanImports } from "../../scripts/scan-imports.ts";

const words = (file: string, source: string): string =>
  checkFile(file, source)
    .map((violation) => violation.words)
    .join("\n");

describe("layer rules", () => {
  test.each([
    ["packages/protocol/src/codec/cbor.ts", "../statement/index.ts", "protocol/codec may not import protocol/statement"],
    ["packages/protocol/src/statement/ids.ts", "../lineage/index.ts", "protocol/statement may not import protocol/lineage"],
    ["packages/protocol/src/session/join.ts", "../lineage/index.ts", "protocol/session may not import protocol/lineage"],
    ["packages/protocol/src/lineage/reduce.ts", "../session/index.ts", "protocol/lineage may not import protocol/session"],
    ["packages/protocol/src/queue/seal.ts", "../meeting/index.ts", "protocol/queue may not import protocol/meeting"],
    ["packages/protocol/src/meeting/drop.ts", "../archive/index.ts", "protocol/meeting may not import protocol/archive"],
    ["packages/protocol/src/archive/head.ts", "../meeting/index.ts", "protocol/archive may not import protocol/meeting"],
    ["packages/protocol/src/lineage/reduce.ts", "@photon/engine", "protocol/lineage may not import engine/core"],
    ["packages/engine/src/profile/open.ts", "@photon/server", "engine/core may not import server/shared"],
    ["packages/engine/src/profile/open.ts", "../adapters/sqlite/index.ts", "engine/core may not import engine/adapters/sqlite"],
    ["packages/engine/src/ports/store.ts", "../api.ts", "engine/ports may not import engine/core"],
    ["packages/engine/src/adapters/memory/index.ts", "../../api.ts", "engine/adapters may not import engine/core"],
    ["packages/engine/src/profile/open.ts", "@photon/testkit", "engine/core may not import testkit"],
    ["apps/cli/src/main.ts", "@photon/testkit", "cli may not import testkit"],
    ["packages/server/src/relay/index.ts", "../vault/index.ts", "server/relay may not import server/vault"],
    ["packages/server/src/vault/index.ts", "../relay/db/index.ts", "server/vault may not import server/relay"],
    ["packages/server/src/relay/index.ts", "@photon/engine", "server/relay may not import engine/core"],
    ["apps/web/src/index.ts", "@photon/server", "web may not import server/shared"],
    ["packages/protocol/src/codec/cbor.ts", "node:fs", "protocol/codec must run in a browser"],
    ["packages/engine/src/circle/state.ts", "node:crypto", "engine/core must run in a browser"],
    ["packages/engine/src/adapters/http/index.ts", "ws", "engine/adapters must run in a browser"],
    ["packages/engine/src/adapters/indexeddb/index.ts", "better-sqlite3", "engine/adapters must run in a browser"],
    ["packages/engine/src/profile/open.ts", "../../../protocol/src/codec/index.ts", "by a relative path"],
    ["packages/engine/src/profile/open.ts", "../../test/helper.ts", "by a relative path"],
  ])("%s may not import %s", (file, specifier, refusal) => {
    expect(words(file, `import { x } from "${specifier}";`)).toContain(refusal);
    expect(words(file, `import type { X } from '${specifier}';`)).toContain(refusal);
    expect(words(file, `export * from "${specifier}";`)).toContain(refusal);
    expect(words(file, `import "${specifier}";`)).toContain(refusal);
    expect(words(file, `const x = await import("${specifier}");`)).toContain(refusal);
    expect(words(file, `import {\n  a,\n  type B,\n} from "${specifier}";`)).toContain(refusal);
  });

  test.each([
    ["packages/protocol/src/archive/head.ts", "../queue/index.ts"],
    ["packages/protocol/src/codec/cbor.ts", "cborg"],
    ["packages/engine/src/profile/open.ts", "@photon/protocol/lineage"],
    ["packages/engine/src/adapters/sqlite/index.ts", "better-sqlite3"],
    ["packages/engine/src/adapters/http/node-socket.ts", "ws"],
    ["packages/engine/src/adapters/node/index.ts", "../sqlite/index.ts"],
    ["packages/server/src/serve.ts", "./relay/index.ts"],
    ["packages/server/src/relay/index.ts", "../db/index.ts"],
    ["packages/testkit/src/index.ts", "@photon/server"],
    ["apps/cli/src/main.ts", "@photon/engine/adapters/node"],
    ["packages/engine/test/profile.test.ts", "@photon/testkit"],
  ])("%s may import %s", (file, specifier) => {
    expect(words(file, `import { x } from "${specifier}";`)).toBe("");
  });

  test("protocol code draws no time and no randomness, but in the session", () => {
    for (const use of [
      "Date.now()",
      "Math.random()",
      "crypto.getRandomValues(x)",
      "new Date()",
      "randomBytes(16)",
      "setTimeout(f, 1)",
    ]) {
      expect(words("packages/protocol/src/queue/seal.ts", `export const x = ${use};`)).toContain("is pure, but uses");
      expect(words("packages/protocol/src/session/found.ts", `export const x = ${use};`)).toBe("");
    }
    expect(words("packages/protocol/src/queue/seal.ts", "// never Date.now()\n/** Math.random() */\nconst x = 'Date.now()';")).toBe(
      "",
    );
  });

  test("what an import names is read past comments, strings and regular expressions", () => {
    const source = [
      '// import "commented";',
      'const text = "import x from \\"inside\\""; /* from "here" */',
      `const odd = /["']/u;`,
      "import a from 'one';",
      "const where = `import('text') ${await import('two')} ${`${{ a: { b: 1 } }}` + \"}\"} import(`;",
      "import b from 'three';",
      "const computed = await import(name);",
    ].join("\n");
    expect(scanImports(source).imports.map((found) => found.specifier)).toEqual(["one", "two", "three", undefined]);
  });

  test("every area lies in a workspace and only names areas that exist", () => {
    const names = areas.map((area) => area.name);
    for (const { path, may } of areas) {
      expect(path).toMatch(/^(?:packages|apps)\/[a-z]+\/src\//u);
      for (const name of may)
        expect(names.some((known) => (name.endsWith("/") ? known.startsWith(name) : known === name))).toBe(true);
    }
  });
});
