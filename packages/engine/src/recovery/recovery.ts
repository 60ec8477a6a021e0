/**
 * A recovery by trustees, on the new device, until its archive is open: then the engine takes over.
 *
 *     collecting ──enough approvals──▶ waiting ──enough shares──▶ restoring ──▶ recovered
 */
import { decode, err, ok, type Result } from "@photon/protocol/codec";
import { codeOf } from "@photon/protocol/recovery";
import type { Ports, Recovery, RecoveryStep } from "../api.ts";
import type { PhotonError } from "../errors.ts";
import { StoreFailure } from "../ports/index.ts";
import { makeEngine } from "../profile/engine.ts";
import { type ProfileRecord, profileSchema } from "../profile/profile.ts";
import { storeProblem } from "../profile/store-problem.ts";
import type { Work } from "../storage/core.ts";
import { readReplies, workOf } from "./ask.ts";
import { type Group, groupsOf, openWith } from "./collect.ts";
import { openArchive } from "./open.ts";
import { loadReplies, recoveryKey, type RecoveryRow, recoverySchema } from "./records.ts";

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
];

export function makeRecovery(ports: Ports, begun: RecoveryRow): Recovery {
  const { spoken } = codeOf(begun.request, begun.relay);
  let progress = 0;
  let restoring = false;
  return {
    request: `${begun.relay}/r#${encodeURIComponent(spoken)}`,
    spoken,
    script,
    poll: async () => {
      if (restoring) return ok({ state: "restoring", progress });
      restoring = true;
      try {
        return await step(ports, workOf(ports, begun), (part) => {
          progress = part;
        });
      } catch (error) {
        if (error instanceof StoreFailure) return err(storeProblem(error));
        throw error;
      } finally {
        restoring = false;
      }
    },
    close: () => ports.store.close(),
  };
}

async function step(ports: Ports, work: Work, onProgress: (part: number) => void): Promise<Result<RecoveryStep, PhotonError>> {
  const opened = await work.read("meta", "profile", profileSchema);
  if (opened !== undefined) return ok(recovered(ports, opened, []));
  const read = await readReplies(work);
  if (!read.ok) return read;
  const groups = groupsOf(await loadReplies(work, read.value));
  const warnings = warningsOf(groups);
  for (const group of groups) {
    if (group.shares.size < group.data.threshold) continue;
    const opening = openWith(group, (length) => work.random(length));
    for (const who of opening.blamed)
      warnings.push(`A trustee gave a share that is not good; it was left out (${who.slice(0, 8)}).`);
    if (opening.kind !== "open") continue;
    const restored = await openArchive(work, read.value, group, opening.identity, onProgress);
    return restored.ok ? ok(recovered(ports, restored.value.record, restored.value.problems)) : restored;
  }
  return ok(standing(groups[0], warnings));
}

const recovered = (ports: Ports, record: ProfileRecord, problems: readonly PhotonError[]): RecoveryStep => ({
  state: "recovered",
  engine: makeEngine(ports, record),
  problems,
});

function warningsOf(groups: readonly Group[]): string[] {
  return groups.length > 1
    ? ["Not all who approved hold shares of one plan: some have an old one, or somebody is not honest. The most of them count."]
    : [];
}

function standing(group: Group | undefined, warnings: readonly string[]): RecoveryStep {
  const approvals = [...(group?.approvals.values() ?? [])];
  const [first] = approvals;
  const contested = approvals.some(({ contestedNow }) => contestedNow === 1);
  const level = contested ? 1 : 0;
  const counted = approvals.filter((one) => one.level >= level).length;
  const needed = first === undefined ? undefined : contested ? first.contested : first.threshold;
  const ready = approvals.map(({ readyAt }) => readyAt).filter((time) => time > 0);
  const isEnough = needed !== undefined && counted >= needed;
  return {
    state: isEnough ? "waiting" : "collecting",
    approvals: counted,
    needed,
    hint: first?.hint,
    until: ready.length === 0 ? undefined : Math.min(...ready),
    contested,
    shares: group?.shares.size ?? 0,
    warnings,
  };
}
