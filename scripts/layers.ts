/**
 * The layer rules of the workspace, as one table, and the check of one file against them.
 *
 * | who                 | may import                                              |
 * | ------------------- | ------------------------------------------------------- |
 * | protocol/codec      | nothing of ours                                         |
 * | protocol/statement  | codec                                                   |
 * | protocol/lineage    | codec, statement                                        |
 * | protocol/session    | codec, statement                                        |
 * | protocol/queue      | codec, statement, lineage, session                      |
 * | protocol/meeting    | codec … queue                                           |
 * | protocol/archive    | codec … queue                                           |
 * | protocol/recovery   | codec … queue, meeting, trustees                        |
 * | protocol/trustees   | codec, statement                                        |
 * | engine/ports        | protocol                                                |
 * | engine/adapters     | protocol, engine ports (never the engine's core)        |
 * | engine/node         | protocol, engine: the ports put together on Node        |
 * | engine (the rest)   | protocol, engine but its adapters                       |
 * | server/relay, vault | protocol, server but the other role                     |
 * | testkit             | everything                                              |
 * | apps/cli            | protocol, engine, server                                |
 * | apps/web            | protocol, engine                                        |
 */
import { type Import, scanImports } from "./scan-imports.ts";

interface Area {
  readonly name: string;
  /** Paths from the root of the checkout that begin with this belong to the area; the longest match wins. */
  readonly path: string;
  /** Names of areas, or of everything below a name that ends in "/". */
  readonly may: readonly string[];
  /** Whether the area may use what only Node has. */
  readonly node: boolean;
}

const folders = (package_: string, names: readonly string[]): string[] => names.map((name) => `${package_}/${name}`);
const belowMeeting = folders("protocol", ["codec", "statement", "lineage", "session", "queue"]);

export const areas: readonly Area[] = [
  { name: "protocol/codec", path: "packages/protocol/src/codec/", may: [], node: false },
  { name: "protocol/statement", path: "packages/protocol/src/statement/", may: belowMeeting.slice(0, 1), node: false },
  { name: "protocol/lineage", path: "packages/protocol/src/lineage/", may: belowMeeting.slice(0, 2), node: false },
  { name: "protocol/session", path: "packages/protocol/src/session/", may: belowMeeting.slice(0, 2), node: false },
  { name: "protocol/queue", path: "packages/protocol/src/queue/", may: belowMeeting.slice(0, 4), node: false },
  { name: "protocol/meeting", path: "packages/protocol/src/meeting/", may: belowMeeting, node: false },
  {
    name: "protocol/recovery",
    path: "packages/protocol/src/recovery/",
    may: [...belowMeeting, ...folders("protocol", ["meeting", "trustees"])],
    node: false,
  },
  { name: "protocol/archive", path: "packages/protocol/src/archive/", may: belowMeeting, node: false },
  { name: "protocol/trustees", path: "packages/protocol/src/trustees/", may: belowMeeting.slice(0, 2), node: false },
  { name: "engine/ports", path: "packages/engine/src/ports/", may: ["protocol/"], node: false },
  {
    name: "engine/adapters",
    path: "packages/engine/src/adapters/",
    may: ["protocol/", "engine/ports", "engine/adapters/"],
    node: false,
  },
  {
    name: "engine/adapters/sqlite",
    path: "packages/engine/src/adapters/sqlite/",
    may: ["protocol/", "engine/ports", "engine/adapters", "engine/adapters/"],
    node: true,
  },
  {
    name: "engine/adapters/node",
    path: "packages/engine/src/adapters/node/",
    may: ["protocol/", "engine/ports", "engine/adapters", "engine/adapters/"],
    node: true,
  },
  {
    name: "engine/adapters/http/node-socket",
    path: "packages/engine/src/adapters/http/node-socket.ts",
    may: ["protocol/", "engine/ports", "engine/adapters", "engine/adapters/"],
    node: true,
  },
  { name: "engine/node", path: "packages/engine/src/node/", may: ["protocol/", "engine/"], node: true },
  { name: "engine/core", path: "packages/engine/src/", may: ["protocol/", "engine/ports"], node: false },
  { name: "server/relay", path: "packages/server/src/relay/", may: ["protocol/", "server/shared"], node: true },
  { name: "server/vault", path: "packages/server/src/vault/", may: ["protocol/", "server/shared"], node: true },
  { name: "server/shared", path: "packages/server/src/", may: ["protocol/", "server/"], node: true },
  { name: "testkit", path: "packages/testkit/src/", may: ["protocol/", "engine/", "server/"], node: true },
  { name: "cli", path: "apps/cli/src/", may: ["protocol/", "engine/", "server/"], node: true },
  { name: "web", path: "apps/web/src/", may: ["protocol/", "engine/"], node: false },
];

/** Packages that only run in Node. */
const nodePackages = new Set(["better-sqlite3", "@node-rs/argon2", "ws", "fastify", "pino", "prom-client"]);
/** `packages/<folder>` of each workspace package that another may import by its name. */
const workspaces: Readonly<Record<string, string>> = {
  "@photon/protocol": "packages/protocol",
  "@photon/engine": "packages/engine",
  "@photon/server": "packages/server",
  "@photon/testkit": "packages/testkit",
};
/** What makes an outcome depend on more than its arguments. The MLS library draws its own randomness, so `session` is excepted. */
const impure =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bgetRandomValues\b|\brandomBytes\b|\brandomSecretKey\b|\bperformance\.now\b|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\(/u;

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly words: string;
}

const areaOf = (file: string): Area | undefined =>
  areas.filter((area) => file.startsWith(area.path)).toSorted((a, b) => b.path.length - a.path.length)[0];

const mayImport = (from: Area, to: Area): boolean =>
  from.name === to.name || from.may.some((name) => (name.endsWith("/") ? to.name.startsWith(name) : to.name === name));

/** Where an import leads, as a path from the root; undefined for what is not ours. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return new URL(specifier, `file:///${file}`).pathname.slice(1);
  const name = specifier.split("/").slice(0, 2).join("/");
  const folder = workspaces[name];
  if (folder === undefined) return undefined;
  const rest = specifier.slice(name.length + 1);
  return rest === "" ? `${folder}/src/index.ts` : `${folder}/src/${rest}/index.ts`;
}

function checkImport(file: string, from: Area, found: Import): string | undefined {
  const { specifier } = found;
  if (specifier === undefined) return "imports something computed: the layer rules cannot be checked";
  const target = targetOf(file, specifier);
  if (target === undefined) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    const nodeOnly = specifier.startsWith("node:") || nodePackages.has(name);
    return nodeOnly && !from.node ? `${from.name} must run in a browser, but imports ${specifier}` : undefined;
  }
  if (specifier.startsWith(".") && target.split("/").slice(0, 3).join("/") !== file.split("/").slice(0, 3).join("/")) {
    return `leaves its package or its src folder by a relative path: ${specifier}`;
  }
  const to = areaOf(target);
  if (to === undefined) return `imports ${specifier}, which is no production code`;
  return mayImport(from, to) ? undefined : `${from.name} may not import ${to.name} (${specifier})`;
}

/** Every broken rule of one production file. Files outside every area (tests, scripts) are free. */
export function checkFile(file: string, source: string): readonly Violation[] {
  const from = areaOf(file);
  if (from === undefined) return [];
  const { imports, code } = scanImports(source);
  const violations: Violation[] = [];
  for (const found of imports) {
    const words = checkImport(file, from, found);
    if (words !== undefined) violations.push({ file, line: found.line, words });
  }
  if (from.name.startsWith("protocol/") && from.name !== "protocol/session") {
    for (const [index, line] of code.split("\n").entries()) {
      const match = impure.exec(line);
      if (match !== null) violations.push({ file, line: index + 1, words: `${from.name} is pure, but uses ${match[0]}` });
    }
  }
  return violations;
}
