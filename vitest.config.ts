import { defineConfig } from "vitest/config";

/** Tests run from source: the export condition points at `src`, so that nothing has to be built first. */
export default defineConfig({
  resolve: { conditions: ["photon-source"] },
  ssr: { resolve: { conditions: ["photon-source"], externalConditions: ["photon-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // A machine that stalls for seconds makes a request time out; whoever is red twice is red.
    retry: process.env["CI"] === undefined ? 0 : 1,
    pool: "forks",
    maxWorkers: 2,
  },
});
