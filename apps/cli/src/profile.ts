/** The composition root of the engine: an engine over one profile folder. Everything heavy is loaded here, when it is really used. */
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine, Joining, Recovery } from "@photon/engine";
import type { NodePorts } from "@photon/engine/node";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Attempt, cliError, type Failure } from "./failure.ts";
import type { JoiningProfile, OpenProfile, ProfileHome, RecoveringProfile } from "./world.ts";

const databaseName = "profile.db";
/** Milliseconds: making a profile has no other command to wait for. */
const creationWait = 2_000;

export function nodeProfileHome(folder: string): ProfileHome {
  const database = join(folder, databaseName);
  const present = (): boolean => existsSync(database) || existsSync(`${database}-wal`);
  return {
    folder,
    present,
    create: async (options) => {
      const made = makeFolder(folder);
      if (!made.ok) return made;
      const { createProfile } = await import("@photon/engine");
      return using(folder, { waitMs: creationWait }, async (open) => {
        const free = await nothingRecovers(open);
        if (!free.ok) return free;
        const engine = await createProfile(open.ports, options);
        return engine.ok ? ok(opened(engine.value, open)) : engine;
      });
    },
    open: async (waitMs, network = "online") => {
      if (!present()) return err((await import("@photon/engine/errors")).photonError("no-profile", folder));
      const { openProfile } = await import("@photon/engine");
      return using(folder, { waitMs, offline: network === "offline" }, async (open) => {
        const engine = await openProfile(open.ports);
        if (engine.ok) return ok(opened(engine.value, open));
        if (engine.error.code !== "no-profile") return engine;
        const free = await nothingRecovers(open, true);
        return free.ok ? engine : free;
      });
    },
    join: async (options) => {
      const made = makeFolder(folder);
      if (!made.ok) return made;
      const { joinProfile } = await import("@photon/engine");
      return using(folder, { waitMs: creationWait }, async (open) => {
        const free = await nothingRecovers(open);
        if (!free.ok) return free;
        const joining = await joinProfile(open.ports, options);
        if (!joining.ok) return joining;
        return ok(joiningProfile(joining.value, open));
      });
    },
    recover: async (options) => {
      const made = makeFolder(folder);
      if (!made.ok) return made;
      const { recoverProfile } = await import("@photon/engine");
      return using(folder, { waitMs: creationWait }, async (open) => {
        const recovery = await recoverProfile(open.ports, options);
        return recovery.ok ? ok(recoveringProfile(recovery.value, open)) : recovery;
      });
    },
    resume: async (waitMs) => {
      if (!present()) return ok(undefined);
      const { openRecovery } = await import("@photon/engine");
      return using(folder, { waitMs }, async (open) => {
        const recovery = await openRecovery(open.ports);
        if (!recovery.ok) return recovery;
        if (recovery.value !== undefined) return ok(recoveringProfile(recovery.value, open));
        await open.close();
        return ok(undefined);
      });
    },
    invitationRelay: async (invitation) => (await import("@photon/engine")).invitationRelay(invitation),
    checkDatabase: async () => {
      const { checkSqliteStore } = await import("@photon/engine/adapters/sqlite");
      const { storeFailure } = await import("./store-failure.ts");
      const checked = await checkSqliteStore(database);
      return checked.ok ? checked : err(storeFailure(checked.error));
    },
    explain: explainThrown,
  };
}

function joiningProfile(joining: Joining, open: NodePorts): JoiningProfile {
  return {
    poll: async () => {
      const step = await joining.poll();
      if (!step.ok) return step;
      if (step.value.state !== "joined") return ok(step.value);
      return ok({ state: "joined", profile: opened(step.value.engine, open), problems: step.value.problems });
    },
    close: () => open.close(),
  };
}

/** @param evenOver a recovery that is over stands in nobody's way, and yet whoever asks for it is to hear of it. */
async function nothingRecovers(open: NodePorts, evenOver = false): Attempt<void> {
  const { openRecovery } = await import("@photon/engine");
  const recovery = await openRecovery(open.ports);
  if (!recovery.ok) return recovery;
  return recovery.value === undefined || (recovery.value.isOver && !evenOver)
    ? ok(undefined)
    : err((await import("@photon/engine/errors")).photonError("recovery-waiting"));
}

function recoveringProfile(recovery: Recovery, open: NodePorts): RecoveringProfile {
  return {
    request: recovery.request,
    spoken: recovery.spoken,
    script: recovery.script,
    isOver: recovery.isOver,
    heard: (words) => recovery.heard(words),
    poll: async () => {
      const step = await recovery.poll();
      if (!step.ok) return step;
      if (step.value.state !== "recovered") return ok(step.value);
      return ok({ state: "recovered", profile: opened(step.value.engine, open), problems: step.value.problems });
    },
    close: async () => {
      await recovery.close();
      await open.close();
    },
  };
}

function opened(engine: Engine, { isWanted, unlock }: NodePorts): OpenProfile {
  return {
    engine,
    isWanted,
    unlock,
    close: async () => {
      // Closes the store as well.
      await engine.close();
      unlock();
    },
  };
}

/** Takes the lock and opens the ports for `use`; gives everything back unless that succeeded. */
async function using<T>(
  folder: string,
  options: { readonly waitMs: number; readonly offline?: boolean },
  use: (open: NodePorts) => Promise<Result<T, Failure>>,
): Attempt<T> {
  const { openNodePorts } = await import("@photon/engine/node");
  const open = await openNodePorts(folder, options);
  if (!open.ok) return open;
  try {
    const used = await use(open.value);
    if (!used.ok) await open.value.close();
    return used;
  } catch (error) {
    await open.value.close();
    throw error;
  }
}

/** Mode 0700, also if it was there: what is in it is for one person. */
function makeFolder(folder: string): Result<void, Failure> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.platform !== "win32") chmodSync(folder, 0o700);
    return ok(undefined);
  } catch (error) {
    return err(cliError("folder-unusable", `${folder}: ${codeOf(error)}`));
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "unknown");

const systemCodes: Readonly<Record<string, string>> = {
  EACCES: "it may not be used by you",
  EPERM: "it may not be used by you",
  EROFS: "it is on a disk that cannot be written",
  ENOTDIR: "something in its path is a file",
  ENOENT: "it is not there",
  SQLITE_CANTOPEN: "the database cannot be opened",
  SQLITE_READONLY: "the database may not be written",
};

/** What the machine did, if it was the machine. */
async function explainThrown(thrown: unknown): Promise<Failure | undefined> {
  if (!(thrown instanceof Error)) return undefined;
  const { diskFull, thrownFailure } = await import("./store-failure.ts");
  const known = thrownFailure(thrown);
  if (known !== undefined) return known;
  const code = codeOf(thrown);
  if (code === "ENOSPC" || code === "SQLITE_FULL") return diskFull();
  const words = systemCodes[code];
  return words === undefined ? undefined : cliError("folder-unusable", `${words} (${code})`);
}
