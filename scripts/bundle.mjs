/**
 * Puts the command into a few files, from what was built: six hundred modules take most of a second to be found and read one by one,
 * at every `photon`. What carries native code or starts threads stays as it is, the server among it. Needs a build.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const command = join(dirname(dirname(fileURLToPath(import.meta.url))), "apps/cli");

await build({
  configFile: false,
  root: command,
  logLevel: "warn",
  ssr: { noExternal: true, external: ["better-sqlite3", "@photon/server"], target: "node" },
  build: {
    ssr: join(command, "dist/main.js"),
    outDir: join(command, "dist/command"),
    emptyOutDir: true,
    minify: false,
    sourcemap: false,
    target: "node20",
    rolldownOptions: { output: { format: "es" } },
  },
});
