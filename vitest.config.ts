import { defineConfig } from "vitest/config";

/** What tests, hooks, processes and requests say that were not answered in time. */
const stalled = /timed out in \d+ms|nothing printed for \d+ s|printed no object \(exit -1\)|unreachable|no answer in time/u;

/** Tests run from source: the export condition points at `src`, so that nothing has to be built first. */
export default defineConfig({
  resolve: { conditions: ["photon-source"] },
  ssr: { resolve: { conditions: ["photon-source"], externalConditions: ["photon-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // A machine that stalls makes a request or a test time out: then, and only then, another try. A message that was lost or
    // shown twice is red at once.
    retry: process.env["CI"] === undefined ? 0 : { count: 1, condition: stalled },
    pool: "forks",
    // One more than the two cores: processes and servers are waited for a good part of the time.
    maxWorkers: 3,
    // Each of 170 files would load the workspace anew: a third of the whole time. No test leaves anything behind in a module.
    isolate: false,
  },
});
