import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { portableEntryPoints, unportable } from "../../scripts/check-portable.ts";

const adapters = fileURLToPath(new URL("../../packages/engine/src/adapters", import.meta.url));

describe("protocol, engine and the web app run in a browser", () => {
  test("nothing behind any of their entry points asks for what only Node has", async () => {
    const entryPoints = portableEntryPoints();
    expect(entryPoints.length).toBeGreaterThan(10);
    expect(await unportable(entryPoints)).toEqual([]);
  });

  test("the check sees modules of Node, native packages and globals of Node, however deep they lie", async () => {
    const found = await unportable([`${adapters}/sqlite/index.ts`]);
    const wants = found.map(({ importer, wants: wanted }) => `${importer.split("/").slice(-2).join("/")} ${wanted}`);
    expect(wants).toContain("sqlite/database.ts better-sqlite3");
    expect(wants).toContain("sqlite/profile-lock.ts node:path");
    expect(wants).toContain("node/private-file.ts node:fs");
    expect(wants).toContain("node/private-file.ts the global process");
  });
});
