/**
 * Opening: the archive is read with what the trustees released, checked against the plan that they named, and becomes this
 * device's profile. From here on the engine goes on with the successions by itself (`succeed.ts`).
 */
import { decode, encode, equalBytes, err, expectOk, ok, type Result } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import { verificationSchema } from "@photon/protocol/trustees";
import { beginArchive } from "../archive/location.ts";
import { setTrusteeOpener } from "../archive/openers.ts";
import { adoptRecovered } from "../archive/adopt.ts";
import { type Restored, restoreWithIdentity } from "../archive/restore.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { setState } from "../circle/state.ts";
import { type Dealt, dealtSchema, loadPlans, memberSchema, planKeys } from "../plan/records.ts";
import { takeReserve } from "../plan/reserve.ts";
import { profileFormat, type ProfileRecord, profileSchema } from "../profile/profile.ts";
import { flagSchema, keys, setRecord, timeSchema } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { forgetReplies, membersOf } from "./answers.ts";
import { type Group, type Opening, voiceOf } from "./collect.ts";
import { blame, keepRecovery, recoveredKey, type RecoveryRow } from "./records.ts";

export interface Opened {
  readonly record: ProfileRecord;
  readonly problems: readonly PhotonError[];
}

/** Commits once, when everything is here. */
export async function openArchive(
  work: Work,
  row: RecoveryRow,
  group: Group,
  { identity, blamed }: Extract<Opening, { readonly kind: "open" }>,
  onProgress: (part: number) => void,
): Promise<Result<Opened, PhotonError>> {
  const opened = await readPlaces(work, row, group, identity, onProgress);
  if (!opened.ok) return opened;
  const { places, problems } = opened.value;
  const newest = places.at(-1);
  if (newest === undefined) throw new Error("an archive that is nowhere");
  const closed = places.map(({ restored }) => closedIn(restored.changes));
  for (const { restored } of places) await adoptRecovered(work, restored);
  // Whoever has an old device can begin a register in which everybody was said goodbye to.
  for (const id of new Set(closed.flatMap((ids) => [...ids])))
    if (!closed.every((ids) => ids.has(id))) await setRecord(work, keys.closed(id), flagSchema, false);
  const { vault } = newest;
  const record: ProfileRecord = {
    format: profileFormat,
    device: row.device,
    name: row.name,
    relay: row.relay,
    vault,
    created: work.now(),
  };
  work.write("meta", "profile", profileSchema, record);
  // The old registers' write keys went with the old devices: this one begins its own, and the old ones stay where they are.
  await beginArchive(work, ...places.map((place) => place.vault).toReversed());
  await setTrusteeOpener(work, newest.dealt.recipient, group.version);
  await forgetLaterPlans(work, group.version);
  await takeReserve(work, group.version, newest.dealt, identity);
  await setRecord(work, recoveredKey, timeSchema, work.now());
  const signing: RecoveryRow = { ...row, phase: "signing", version: group.version };
  keepRecovery(work, signing);
  const members = await membersOf(work, signing);
  await forgetReplies(work, signing, (reply) => members?.has(voiceOf(reply)) !== true);
  await blame(work, "share", blamed);
  await work.commit();
  return ok({ record, problems });
}

/**
 * A plan that is later than the one by which we were recovered may be the thief's, who knows its secrets: it is not announced any
 * more. Its number stays used, as its trustees know it. Nor may it be dealt by us: as lost, nobody whom it names can say yes to it.
 */
async function forgetLaterPlans(work: Work, version: number): Promise<void> {
  for (const { plan, members } of await loadPlans(work)) {
    if (plan.version <= version) continue;
    await setState(work, planKeys.dealt(plan.version), undefined);
    for (const id of members.keys())
      await setRecord(work, planKeys.member(plan.version, id), memberSchema, { state: "lost", since: work.now() });
  }
}

interface OpenedPlace {
  readonly vault: string;
  readonly restored: Restored;
  readonly dealt: Dealt;
}

/** Registers that are read: as many as a trustee names. The plan began with the last of them; a thief may have pinned the first. */
const maxPlaces = 8;
/** For how long a vault that cannot be reached is waited for, where another could be read. */
const patience = 7 * 24 * 3_600_000;

/**
 * All registers that the trustees name, the newest last. A person who has recovered before has left one behind; a thief may have
 * begun one. They are united, so that none of them can take anything away.
 */
async function readPlaces(
  work: Work,
  row: RecoveryRow,
  group: Group,
  identity: string,
  onProgress: (part: number) => void,
): Promise<Result<{ readonly places: readonly OpenedPlace[]; readonly problems: readonly PhotonError[] }, PhotonError>> {
  let failure: PhotonError = photonError("archive-damaged", "no trustee knows where the backup is");
  const places: OpenedPlace[] = [];
  const problems: PhotonError[] = [];
  const named = group.places.slice(0, maxPlaces);
  for (const [at, { vault, register, sequence }] of named.entries()) {
    const restored = await restoreWithIdentity(work.ports, { vault, register }, identity, {
      pins: [{ register, sequence }],
      onProgress: (part) => onProgress((at + part) / named.length),
    });
    if (!restored.ok) {
      failure = restored.error;
      const isAway = failure.code === "vault-unreachable" || failure.code === "wrong-server";
      if (isAway && elapsed(row.created, work.now()) < patience) return err(failure);
      problems.push(failure);
      continue;
    }
    const dealt = planIn(restored.value.changes, group);
    if (dealt === undefined) {
      failure = photonError("archive-damaged", `${vault}: the backup is not of the plan that the trustees hold`);
      problems.push(failure);
      continue;
    }
    places.unshift({ vault, restored: restored.value, dealt });
    problems.push(...restored.value.problems);
  }
  return places.length === 0 ? err(failure) : ok({ places, problems });
}

function closedIn(changes: readonly Change[]): ReadonlySet<string> {
  const closed = new Set<string>();
  for (const { key, value } of changes) {
    const [prefix, id = "", what] = key.split("/");
    if (prefix !== "rel" || what !== "closed" || value === undefined) continue;
    const flag = decode(flagSchema, value, value.length);
    if (flag.ok && flag.value) closed.add(id);
  }
  return closed;
}

/** What the archive holds of the plan, if it is the very one that the trustees named. */
function planIn(changes: readonly Change[], group: Group): Dealt | undefined {
  const key = planKeys.dealt(group.version);
  for (const change of changes) {
    if (change.key !== key || change.value === undefined) continue;
    const dealt = decode(dealtSchema, change.value, change.value.length);
    const isSame =
      dealt.ok &&
      equalBytes(dealt.value.dealerKey, group.dealerKey) &&
      equalBytes(encode(verificationSchema, dealt.value.verification), encode(verificationSchema, group.data));
    if (isSame) return expectOk(dealt);
  }
  return undefined;
}
