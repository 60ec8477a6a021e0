import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin, preview } from "vite";
import { browserConfig, noticeNode, type Unportable } from "../../scripts/portable.ts";
import { root } from "./suite-files.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const suitesModule = "virtual:suites";

function suitesPlugin(files: readonly string[]): Plugin {
  return {
    name: "photon-suites",
    resolveId: (source) => (source === suitesModule ? `\0${suitesModule}` : undefined),
    load: (id) => {
      if (id !== `\0${suitesModule}`) return undefined;
      const entries = files.map((file) => `${JSON.stringify(file)}: () => import(${JSON.stringify(root + file)})`);
      return `export const suites = {${entries.join(",\n")}};`;
    },
  };
}

/** Bundles the test files into `folder`, with Vitest's runner in the place of Vitest. */
export async function bundleSuites(files: readonly string[], folder: string): Promise<readonly Unportable[]> {
  const found: Unportable[] = [];
  await build({
    ...browserConfig,
    root: here,
    resolve: { ...browserConfig.resolve, alias: [{ find: /^vitest$/u, replacement: join(here, "vitest-in-page.ts") }] },
    plugins: [noticeNode(found), suitesPlugin(files)],
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      target: "esnext",
      chunkSizeWarningLimit: Number.POSITIVE_INFINITY,
      // A test that asks for what only Node has must fail by itself, not keep the others from being bundled.
      // Our packages say that their modules have no side effects; a test file has nothing else.
      rolldownOptions: { shimMissingExports: true, treeshake: false },
    },
  });
  return found;
}

export interface Served {
  /** Such as "http://127.0.0.1:4173": a secure context, so that WebCrypto is there. */
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** Serves a folder on loopback, on a port of its own. */
export async function serve(folder: string): Promise<Served> {
  const server = await preview({
    ...browserConfig,
    root: here,
    build: { outDir: folder },
    preview: { host: "127.0.0.1", port: 0, strictPort: false },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
