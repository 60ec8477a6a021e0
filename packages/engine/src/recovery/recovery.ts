/**
 * A recovery by trustees, on the new device, until its archive is open: then the engine takes over.
 *
 *     collecting ──enough approvals──▶ waiting ──enough shares──▶ restoring ──▶ recovered
 */
import { decode, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { codeOf } from "@photon/protocol/recovery";
import type { Ports, Recovery, RecoveryStep } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { StoreFailure } from "../ports/index.ts";
import { makeEngine } from "../profile/engine.ts";
import { type ProfileRecord, profileSchema } from "../profile/profile.ts";
import { storeProblem } from "../profile/store-problem.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { loadReplies, readReplies, wordsHeard } from "./answers.ts";
import { requestDays, workOf } from "./ask.ts";
import { type Group, groupsOf, hasEnough, heardAmong, neededFor, openWith } from "./collect.ts";
import { openArchive } from "./open.ts";
import { heardKey, heardSchema, recoveryKey, type RecoveryRow, recoverySchema } from "./records.ts";

export async function readRecovery({ store }: Ports): Promise<RecoveryRow | undefined> {
  const row = await store.get("meta", recoveryKey);
  const parsed = row === undefined ? undefined : decode(recoverySchema, row.value, 64 * 1024);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** What the person says when they call, so that nobody approves because of a message alone. */
const script = [
  "Call people who would know your voice or your face. Do not write to them: whoever has your phone could do that too.",
  "Say that you have lost your devices, and that you need them to confirm that it is you.",
  "Ask them to open Photon, to pick you from their own list (`photon trustee approve`), and to type the words that you speak.",
  "Speak the words slowly. If they come by another's mouth, or in a message, your trustee should not type them.",
  "They read three words back to you. Type them here (`photon recover heard`): so that only those count whom you have spoken with.",
];

const day = 24 * 3600 * 1000;

/** Whether nothing can come of it any more: it was never laid down, or too few have approved it in its days. */
export async function isOver(ports: Ports, row: RecoveryRow): Promise<boolean> {
  if (!row.laid) return true;
  const work = workOf(ports, row);
  const age = work.now() - row.created;
  if (row.phase !== "asking" || age <= requestDays * day) return false;
  // Those who have approved in time may still wait for the delay of the plan, and for an objection's.
  const [all, calls] = [await loadReplies(work, row), await wordsHeard(work)];
  const groups = groupsOf(calls.length === 0 ? all : heardAmong(all, row.digest, calls));
  return age > 2 * requestDays * day || groups.every((group) => standing(group, 0, []).state === "collecting");
}

/** @param over what `isOver` says of it. */
export function makeRecovery(ports: Ports, begun: RecoveryRow, over: boolean): Recovery {
  const { spoken } = codeOf(begun.request, begun.relay);
  let progress = 0;
  /** What is under way: a step and typed words both change what is kept of the answers. */
  let underWay: { readonly what: "step" | "heard"; readonly done: Promise<unknown> } | undefined;
  return {
    request: `${begun.relay}/r#${encodeURIComponent(spoken)}`,
    spoken,
    script,
    isOver: over,
    poll: async () => {
      if (over) return err(photonError("request-expired"));
      while (underWay?.what === "heard") await underWay.done;
      if (underWay !== undefined) return ok({ state: "restoring", progress });
      return alone("step", () =>
        step(ports, workOf(ports, begun), (part) => {
          progress = part;
        }),
      );
    },
    heard: async (words) => {
      while (underWay !== undefined) await underWay.done;
      return alone("heard", () => hear(workOf(ports, begun), words));
    },
    close: () => ports.store.close(),
  };

  async function alone<T>(what: "step" | "heard", work: () => Promise<Result<T, PhotonError>>): Promise<Result<T, PhotonError>> {
    const running = work().catch((error: unknown) => {
      if (error instanceof StoreFailure) return err(storeProblem(error));
      throw error;
    });
    const done = running.then(
      () => undefined,
      () => undefined,
    );
    underWay = { what, done };
    try {
      return await running;
    } finally {
      underWay = undefined;
    }
  }
}

/** The words of one call, kept with those of the others. @returns whether somebody has answered whose words they are. */
async function hear(work: Work, words: string): Promise<Result<boolean, PhotonError>> {
  // The archive is open: nothing is asked of words any more, and the answers are the engine's.
  if ((await work.read("meta", "profile", profileSchema)) !== undefined) return ok(false);
  const typed = await wordsHeard(work);
  // Whoever holds shares of two plans reads back the words for both, one after the other.
  const spoken = inThrees(words);
  work.write("meta", heardKey, heardSchema, [...typed, spoken].slice(-64));
  const read = await readReplies(work);
  await work.commit();
  if (!read.ok) return read;
  return ok(heardAmong(await loadReplies(work, read.value), read.value.digest, [spoken]).length > 0);
}

/** For how long the older of two plans is waited for: its delay, and an objection to it, have passed by then. */
const olderFirst = 21 * day;

async function step(ports: Ports, work: Work, onProgress: (part: number) => void): Promise<Result<RecoveryStep, PhotonError>> {
  const opened = await work.read("meta", "profile", profileSchema);
  if (opened !== undefined) return ok(recovered(ports, opened, []));
  const read = await readReplies(work);
  if (!read.ok) return read;
  const row = read.value;
  const all = await loadReplies(work, row);
  const heard = heardAmong(all, row.digest, await wordsHeard(work));
  const people = new Set(heard.map(({ author }) => toHex(author))).size;
  const replies = people === 0 ? all : heard;
  const groups = groupsOf(replies);
  const warnings = warningsOf(groups, people);
  for (const group of groups) {
    if (people === 0 && groups.length > 1) continue;
    // What a newer plan gives sooner, with no delay it may be, is not to be taken for what the older one gives.
    if (hasEnough(group) && group.shares.size < neededFor(group.data) && elapsed(row.created, work.now()) < olderFirst) break;
    if (group.shares.size < neededFor(group.data)) continue;
    const opening = openWith(group, (length) => work.random(length));
    for (const who of opening.blamed)
      warnings.push(`A trustee gave a share that is not good; it was left out (${who.slice(0, 8)}).`);
    if (opening.kind !== "open") continue;
    const restored = await openArchive(work, row, group, opening, onProgress);
    return restored.ok ? ok(recovered(ports, restored.value.record, restored.value.problems)) : restored;
  }
  const [first] = groups;
  // Somebody who acts by two plans is one person.
  return ok(standing(first, people === 0 ? 0 : (first?.approvals.size ?? people), warnings));
}

function inThrees(words: string): readonly string[] {
  const all = words
    .trim()
    .slice(0, 480)
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  const threes = Math.min(8, Math.max(1, Math.ceil(all.length / 3)));
  return Array.from({ length: threes }, (_, at) =>
    all
      .slice(3 * at, 3 * at + 3)
      .join(" ")
      .slice(0, 120),
  );
}

const recovered = (ports: Ports, record: ProfileRecord, problems: readonly PhotonError[]): RecoveryStep => ({
  state: "recovered",
  engine: makeEngine(ports, record),
  problems,
});

function warningsOf(groups: readonly Group[], heard: number): string[] {
  const warnings: string[] = [];
  if (groups.length > 1)
    warnings.push(
      "Not all who approved hold shares of one plan: some have an old one, or somebody is not honest. Type the three words that each of them reads back to you: only whom you have heard counts.",
    );
  if (heard === 0 && groups.length === 1 && groups[0]?.data.threshold === 1)
    warnings.push(
      "This plan asks for one person only. Type the three words that they read back to you, so that it is nobody else.",
    );
  return warnings;
}

function standing(group: Group | undefined, heard: number, warnings: readonly string[]): RecoveryStep {
  const approvals = [...(group?.approvals.values() ?? [])];
  const [first] = approvals;
  const contested = approvals.some(({ contestedNow }) => contestedNow === 1);
  const level = contested ? 1 : 0;
  const counted = approvals.filter((one) => one.level >= level).length;
  const needed = first === undefined ? undefined : contested ? first.contested : Math.max(first.threshold, 2);
  const ready = approvals.map(({ readyAt }) => readyAt).filter((time) => time > 0);
  const isEnough = needed !== undefined && counted >= needed;
  return {
    state: isEnough ? "waiting" : "collecting",
    approvals: counted,
    heard,
    needed,
    hint: first?.hint,
    until: ready.length === 0 ? undefined : Math.min(...ready),
    contested,
    shares: group?.shares.size ?? 0,
    warnings,
  };
}
