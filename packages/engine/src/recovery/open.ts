/**
 * Opening: the archive is read with what the trustees released, checked against the plan that they named, and becomes this
 * device's profile. From here on the engine goes on with the successions by itself (`succeed.ts`).
 */
import { decode, encode, equalBytes, err, expectOk, ok, type Result } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import { verificationSchema } from "@photon/protocol/trustees";
import { beginArchive } from "../archive/location.ts";
import { setTrusteeOpener } from "../archive/openers.ts";
import { adoptRecovered, restoreWithIdentity } from "../archive/restore.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { type Dealt, dealtSchema, planKeys } from "../plan/records.ts";
import { profileFormat, type ProfileRecord, profileSchema } from "../profile/profile.ts";
import { setRecord, timeSchema } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import type { Group } from "./collect.ts";
import { keepRecovery, recoveredKey, type RecoveryRow } from "./records.ts";

export interface Opened {
  readonly record: ProfileRecord;
  readonly problems: readonly PhotonError[];
}

/** Commits once, when everything is here. */
export async function openArchive(
  work: Work,
  row: RecoveryRow,
  group: Group,
  identity: string,
  onProgress: (part: number) => void,
): Promise<Result<Opened, PhotonError>> {
  let failure: PhotonError = photonError("archive-damaged", "no trustee knows where the backup is");
  for (const { vault, register, sequence } of group.places) {
    const restored = await restoreWithIdentity(work.ports, { vault, register, atLeast: sequence }, identity, { onProgress });
    if (!restored.ok) {
      failure = restored.error;
      continue;
    }
    const dealt = planIn(restored.value.changes, group);
    if (dealt === undefined) {
      failure = photonError("archive-damaged", `${vault}: the backup is not of the plan that the trustees hold`);
      continue;
    }
    await adoptRecovered(work, restored.value);
    const record: ProfileRecord = {
      format: profileFormat,
      device: row.device,
      name: row.name,
      relay: row.relay,
      vault,
      created: work.now(),
    };
    work.write("meta", "profile", profileSchema, record);
    // The old register's write key went with the old devices: this one begins its own, and the old one stays where it is.
    await beginArchive(work, vault);
    await setTrusteeOpener(work, dealt.recipient, group.version);
    await setRecord(work, recoveredKey, timeSchema, work.now());
    keepRecovery(work, { ...row, phase: "signing", version: group.version });
    await work.commit();
    return ok({ record, problems: restored.value.problems });
  }
  return err(failure);
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
