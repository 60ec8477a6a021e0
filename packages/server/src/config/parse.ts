/** Configuration from its three sources, parsed once. A bad value is refused with the name of its key. */
import { readFileSync } from "node:fs";
import { err, ok, type Result } from "@photon/protocol/codec";
import * as v from "valibot";
import { configSchema, secretKeys, type ServerConfig } from "./schema.ts";

export interface ConfigError {
  readonly code: "bad-config";
  /** Such as "relay.retentionDays". */
  readonly key: string;
  readonly detail: string;
}

export interface ConfigSources {
  /** Path of a JSON file. */
  readonly file?: string | undefined;
  /** Only names that begin with PHOTON_SERVE_ are looked at. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By path, such as {"listen.port": "7740"}. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

const prefix = "PHOTON_SERVE_";
const bad = (key: string, detail: string): { ok: false; error: ConfigError } => err({ code: "bad-config", key, detail });

export function parseConfig(sources: ConfigSources = {}): Result<ServerConfig, ConfigError> {
  const fromFile = readFile(sources.file);
  if (!fromFile.ok) return fromFile;
  const tree = fromFile.value;
  for (const [name, value] of Object.entries(sources.env ?? {})) {
    if (value === undefined || !name.startsWith(prefix)) continue;
    const key = keyByVariable.get(name);
    if (key === undefined) return bad(name, "no such setting");
    const set = setLeaf(tree, key, value);
    if (!set.ok) return set;
  }
  for (const [key, value] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    if (!leaves.has(key)) return bad(key, "no such setting");
    const set = setLeaf(tree, key, value);
    if (!set.ok) return set;
  }
  const parsed = v.safeParse(configSchema, tree);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const key = v.getDotPath(issue) ?? "config";
    return bad(key, issue.type === "strict_object" ? "no such setting" : issue.message);
  }
  return checkTogether(parsed.output);
}

/** What a fresh server runs with: both roles, loopback, nothing to pay. */
export const defaultConfig: ServerConfig = v.parse(configSchema, {});

/** The whole configuration as indented JSON, secrets hidden. */
export function describeConfig(config: ServerConfig): string {
  const hidden = (value: unknown, path: string): unknown => {
    if (secretKeys.has(path)) {
      if (Array.isArray(value)) return value.map(() => "<hidden>");
      return value === undefined ? undefined : "<hidden>";
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key, hidden(part, path === "" ? key : `${path}.${key}`)]),
    );
  };
  return JSON.stringify(hidden(config, ""), null, 2);
}

function checkTogether(config: ServerConfig): Result<ServerConfig, ConfigError> {
  if (config.relay.create === "token" && config.relay.createTokens.length === 0) {
    return bad("relay.createTokens", "relay.create asks for a token, and there is none");
  }
  return ok(config);
}

type Tree = Record<string, unknown>;

function readFile(path: string | undefined): Result<Tree, ConfigError> {
  if (path === undefined) return ok({});
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return bad("file", "the configuration file cannot be read");
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return ok({ ...value });
  } catch {
    return bad("file", "the configuration file is not JSON");
  }
  return bad("file", "the configuration file holds no JSON object");
}

/** The paths of all settings, with the kind of their values. */
const leaves: ReadonlyMap<string, "number" | "boolean" | "list" | "text"> = new Map(collectLeaves(configSchema, ""));
const keyByVariable: ReadonlyMap<string, string> = new Map(
  [...leaves.keys()].map((key) => [`${prefix}${key.replaceAll(/[A-Z]/gu, "_$&").replaceAll(".", "_").toUpperCase()}`, key]),
);

function collectLeaves(schema: v.GenericSchema, path: string): [string, "number" | "boolean" | "list" | "text"][] {
  const inner = "wrapped" in schema ? (schema.wrapped as v.GenericSchema) : schema;
  if ("entries" in inner) {
    return Object.entries(inner.entries as Record<string, v.GenericSchema>).flatMap(([key, part]) =>
      collectLeaves(part, path === "" ? key : `${path}.${key}`),
    );
  }
  switch (inner.type) {
    case "number":
      return [[path, "number"]];
    case "boolean":
      return [[path, "boolean"]];
    case "array":
      return [[path, "list"]];
    default:
      return [[path, "text"]];
  }
}

/** Environment and flags are text; the schema decides whether what they mean is right. */
function setLeaf(tree: Tree, key: string, text: string): Result<Tree, ConfigError> {
  const value = fromText(leaves.get(key) ?? "text", text);
  const path = key.split(".");
  const name = path.pop() ?? key;
  let at = tree;
  for (const step of path) {
    const next = at[step] ?? {};
    if (typeof next !== "object" || next === null || Array.isArray(next)) return bad(step, "must be an object");
    const copy: Tree = { ...next };
    at[step] = copy;
    at = copy;
  }
  at[name] = value;
  return ok(tree);
}

function fromText(kind: "number" | "boolean" | "list" | "text", text: string): unknown {
  switch (kind) {
    case "number":
      return /^-?\d+(\.\d+)?$/u.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.split(",").map((part) => part.trim());
    case "text":
      return text;
  }
}
