/** Bundling for a browser in a way that notices what only Node has. */
import { isBuiltin } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultClientConditions, type InlineConfig, type Plugin } from "vite";
import { scanImports } from "./scan-imports.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Packages that load native code or sockets, and so run in Node only. */
const nodePackages = new Set(["better-sqlite3", "@node-rs/argon2", "ws", "fastify", "pino", "prom-client", "playwright-core"]);

/** What Node has and a browser has not, as a name in code. */
const nodeGlobal =
  /(?<![.\w$]|declare )(?:process|Buffer|global|require|__dirname|__filename|setImmediate|clearImmediate)\b(?!\s*:)/u;

export interface Unportable {
  /** Who asks for it, as a path from the root of the checkout. */
  readonly importer: string;
  /** The module or the global that a browser does not have. */
  readonly wants: string;
}

const absent = "\0only-in-node:";

/**
 * Replaces what only Node has by a module that throws when it is evaluated, and adds who asked for it to `found`. A library's
 * dynamic import of a Node module is let pass: that is how libraries ask for what a browser has anyway.
 */
export function noticeNode(found: Unportable[]): Plugin {
  const pathOf = (id: string): string => relative(root, id.split("?")[0] ?? id);
  return {
    name: "photon-notice-node",
    enforce: "pre",
    resolveId(source, importer, options) {
      const name = source.split("/").slice(0, source.startsWith("@") ? 2 : 1).join("/"); // prettier-ignore
      if (importer === undefined || !(isBuiltin(source) || nodePackages.has(name))) return undefined;
      const byLibrary = importer.includes("/node_modules/");
      const dynamic = "kind" in options && options.kind === "dynamic-import";
      if (!(byLibrary && dynamic)) found.push({ importer: pathOf(importer), wants: source });
      return `${absent}${source}`;
    },
    load(id) {
      if (!id.startsWith(absent)) return undefined;
      return `throw new Error(${JSON.stringify(`${id.slice(absent.length)} is only there in Node`)});`;
    },
    transform(code, id) {
      if (id.includes("/node_modules/") || !/\.tsx?$/u.test(id) || id.includes("/test/browser/")) return;
      const match = nodeGlobal.exec(scanImports(code).code);
      if (match !== null) found.push({ importer: pathOf(id), wants: `the global ${match[0]}` });
    },
  };
}

/** How everything of ours is bundled for a browser: from source, with nothing read from a configuration file. */
export const browserConfig = {
  configFile: false,
  root,
  logLevel: "error",
  clearScreen: false,
  resolve: { conditions: ["photon-source", ...defaultClientConditions] },
} satisfies InlineConfig;
