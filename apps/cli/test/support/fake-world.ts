/** A machine in memory: `photon` runs in it as it would in a shell. */
import type { Engine } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { asBytes, err, ok, utf8 } from "@photon/protocol/codec";
import { run } from "../../src/run.ts";
import type { Ask, OpenProfile, ProfileHome, World } from "../../src/world.ts";
import { fakeEngine, type FakeState, noon } from "./fake-engine.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly raw: Uint8Array;
  /** The lines of standard output as JSON. */
  readonly lines: readonly Record<string, unknown>[];
  /** The only line, as JSON. */
  readonly json: Record<string, unknown>;
}

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly stdin?: string | Uint8Array;
  readonly home?: Partial<ProfileHome>;
  /** False for an empty folder. */
  readonly profile?: boolean;
  readonly ask?: Ask;
  readonly cancel?: AbortSignal;
  readonly platform?: NodeJS.Platform;
  readonly folder?: string;
  readonly now?: () => number;
  /** Called instead of waiting. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** `photon` over one fake engine. */
export function fakePhoton(state: Partial<FakeState> = {}, options: FakeOptions = {}) {
  const { engine, state: inside } = fakeEngine(state);
  const locks: string[] = [];
  const photon = (...argv: readonly string[]): Promise<Outcome> => runIn(engine, locks, argv, options);
  return { photon, state: inside, engine, locks };
}

async function runIn(engine: Engine, locks: string[], argv: readonly string[], options: FakeOptions): Promise<Outcome> {
  const out: Uint8Array[] = [];
  let talk = "";
  const terminal = options.terminal ?? false;
  let present = options.profile ?? true;
  const profile = (): OpenProfile => {
    locks.push("lock");
    let locked = true;
    const unlock = (): void => {
      if (locked) locks.push("unlock");
      locked = false;
    };
    return {
      engine,
      isWanted: () => false,
      unlock,
      close: async () => {
        await engine.close();
        unlock();
      },
    };
  };
  const home: ProfileHome = {
    folder: options.folder ?? "/home/ana/.local/share/photon",
    present: () => present,
    create: async () => {
      if (present) return err(photonError("profile-exists"));
      present = true;
      return ok(profile());
    },
    open: async () => (present ? ok(profile()) : err(photonError("no-profile"))),
    join: async () => err(photonError("bad-code")),
    recover: async () => err(photonError("profile-exists")),
    resume: async () => ok(undefined),
    invitationRelay: async () => ok("https://relay.example"),
    checkDatabase: async () => ok(undefined),
    explain: async () => undefined,
    ...options.home,
  };
  const world: World = {
    env: options.env ?? {},
    platform: options.platform ?? "linux",
    hostname: "laptop.example",
    self: ["/usr/bin/node", "/opt/photon/bin/photon.js"],
    stdin: {
      isTTY: terminal,
      read: async (limit) => {
        const all = typeof options.stdin === "string" ? utf8(options.stdin) : asBytes(options.stdin ?? new Uint8Array());
        return all.length > limit ? undefined : all;
      },
    },
    stdout: {
      isTTY: terminal,
      columns: 100,
      write: (data) => {
        out.push(typeof data === "string" ? utf8(data) : data);
      },
    },
    stderr: {
      isTTY: terminal,
      columns: 100,
      write: (data) => {
        talk += typeof data === "string" ? data : new TextDecoder().decode(data);
      },
    },
    home,
    ask: options.ask,
    cancel: options.cancel ?? new AbortController().signal,
    now: options.now ?? (() => noon),
    pause: options.pause ?? (async () => undefined),
  };
  const code = await run(argv, world);
  const raw = Buffer.concat(out);
  const text = raw.toString("utf8");
  const parsed = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    code,
    out: text,
    err: talk,
    raw,
    get lines() {
      return parsed();
    },
    get json() {
      const all = parsed();
      const [only] = all;
      if (only === undefined || all.length !== 1) throw new Error(`expected one object, got ${all.length}: ${text.slice(0, 300)}`);
      return only;
    },
  };
}

/** Answers questions in turn; fails the test if more is asked. */
export function scriptedAsk(...answers: readonly (string | undefined)[]): Ask & { readonly asked: string[] } {
  const left = [...answers];
  const asked: string[] = [];
  const next = async (question: string): Promise<string | undefined> => {
    asked.push(question);
    if (left.length === 0) throw new Error(`an unexpected question: ${question}`);
    return left.shift();
  };
  return { asked, text: next, secret: next, choose: next };
}
