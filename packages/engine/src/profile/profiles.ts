/** The only ways to an `Engine`: make a person, open a profile, join a circle. */
import { decode, err, ok, type Result } from "@photon/protocol/codec";
import { parseOrigin, relayOfInvitation } from "@photon/protocol/meeting";
import type { Engine, Joining, Outcome, Ports, Profiles } from "../api.ts";
import { maxPlaces } from "../archive/location-record.ts";
import { vaultAnswering } from "../archive/vaults.ts";
import { answerOffer, offerPlaces, restoreFromReply } from "../circle/joining.ts";
import { tellCircle } from "../circle/telling.ts";
import { followBundle } from "../conversation/receive.ts";
import { flush } from "../delivery/flush.ts";
import { knock } from "../delivery/knock.ts";
import { photonError, type PhotonError } from "../errors.ts";
import { beginRecovery, relayFor } from "../recovery/ask.ts";
import { isOver, makeRecovery, readRecovery } from "../recovery/recovery.ts";
import { StoreFailure } from "../ports/index.ts";
import { acceptOffer, fetchOffer } from "../meeting/accept.ts";
import { makeEngine } from "./engine.ts";
import { cleanName } from "./names.ts";
import { beginPerson, formatOf, maxProfileRow, profileFormat, type ProfileRecord, profileSchema, workOf } from "./profile.ts";
import { storeProblem } from "./store-problem.ts";
import { syncOnce } from "./sync.ts";

type JoiningStep = Awaited<ReturnType<Joining["poll"]>> extends Result<infer T, PhotonError> ? T : never;

export const createProfile: Profiles["createProfile"] = (ports, { device, relay, vault, moreVaults = [], accepting }) =>
  guarded(async () => {
    const name = cleanName(device);
    if (name === undefined) return err(photonError("bad-device-name"));
    const [relayOrigin, vaultOrigin] = [parseOrigin(relay), parseOrigin(vault)];
    if (moreVaults.length >= maxPlaces) return err(photonError("too-many-vaults"));
    if (relayOrigin === undefined)
      return err(photonError("wrong-server", `${relay} is not an address such as https://relay.example`));
    if (vaultOrigin === undefined)
      return err(photonError("wrong-server", `${vault} is not an address such as https://vault.example`));
    if ((await ports.store.get("meta", "profile")) !== undefined) return err(photonError("profile-exists"));
    const closed = await knock(ports, relayOrigin);
    if (closed !== undefined) return err(closed);
    const more: string[] = [];
    for (const url of moreVaults) {
      const answering = await vaultAnswering(ports, url);
      if (!answering.ok) return answering;
      more.push(answering.value);
    }
    const record: ProfileRecord = {
      format: profileFormat,
      device: ports.random.bytes(8),
      name,
      relay: relayOrigin,
      vault: vaultOrigin,
      created: ports.clock.now(),
    };
    const work = workOf(ports, record);
    // Everything that may be wrong with the invitation is known before anything is written.
    const offered = accepting === undefined ? undefined : await fetchOffer(work, accepting.invitation, relayOrigin);
    if (offered?.ok === false) return offered;
    const petname = accepting === undefined ? "" : cleanName(accepting.petname);
    if (petname === undefined) return err(photonError("bad-petname"));
    await beginPerson(work, record, more);
    if (offered !== undefined) {
      const accepted = await acceptOffer(work, offered.value, relayOrigin, petname);
      if (!accepted.ok) return accepted;
    }
    await work.commit();
    const synced = await syncOnce(work);
    return synced.ok ? ok(makeEngine(ports, record)) : synced;
  });

export const openProfile: Profiles["openProfile"] = (ports) =>
  guarded(async () => {
    const row = await ports.store.get("meta", "profile");
    if (row === undefined) return err(photonError("no-profile"));
    const format = formatOf(row.value);
    if (format !== undefined && format !== profileFormat) {
      return err(photonError("profile-format", `format ${format}; this Photon reads ${profileFormat}`));
    }
    const record = decode(profileSchema, row.value, maxProfileRow);
    if (!record.ok) return err(photonError("profile-corrupt", record.error.detail));
    return ok(makeEngine(ports, record.value));
  });

export const joinProfile: Profiles["joinProfile"] = (ports, { device, code }) =>
  guarded(async () => {
    const name = cleanName(device);
    if (name === undefined) return err(photonError("bad-device-name"));
    if ((await ports.store.get("meta", "profile")) !== undefined) return err(photonError("profile-exists"));
    const answered = await answerOffer(ports, code, name);
    if (!answered.ok) return answered;
    let progress = 0;
    const joining: Joining = {
      poll: () =>
        guarded<JoiningStep>(async () => {
          const restored = await restoreFromReply(answered.value, (part) => {
            progress = part;
          });
          if (!restored.ok) return restored;
          if (restored.value === undefined) return ok({ state: "waiting", progress } as const);
          const { record, problems } = restored.value;
          return ok({ state: "joined", engine: await arrive(ports, record), problems } as const);
        }),
    };
    return ok(joining);
  });

/** The new device is in the circle: it reads what came since, and gives the others leaves to place it by. */
async function arrive(ports: Ports, record: ProfileRecord): Promise<Engine> {
  const work = workOf(ports, record);
  await syncOnce(work);
  await offerPlaces(work);
  await tellCircle(work);
  await flush(work, { onMoved: followBundle });
  return makeEngine(ports, record);
}

export const recoverProfile: Profiles["recoverProfile"] = (ports, { device, relay: words }) =>
  guarded(async () => {
    const name = cleanName(device);
    if (name === undefined) return err(photonError("bad-device-name"));
    const relay = relayFor(words);
    if (!relay.ok) return relay;
    if ((await ports.store.get("meta", "profile")) !== undefined) return err(photonError("profile-exists"));
    const begun = await readRecovery(ports);
    if (begun !== undefined && !(await isOver(ports, begun))) return ok(makeRecovery(ports, begun, false));
    const row = await beginRecovery(ports, name, relay.value);
    return row.ok ? ok(makeRecovery(ports, row.value, false)) : row;
  });

export const openRecovery: Profiles["openRecovery"] = (ports) =>
  guarded(async () => {
    if ((await ports.store.get("meta", "profile")) !== undefined) return ok(undefined);
    const row = await readRecovery(ports);
    return ok(row === undefined ? undefined : makeRecovery(ports, row, await isOver(ports, row)));
  });

export const invitationRelay: Profiles["invitationRelay"] = (invitation) => {
  const relay = relayOfInvitation(invitation);
  return relay.ok ? relay : err(photonError(relay.error.code, relay.error.detail));
};

async function guarded<T>(step: () => Outcome<T>): Outcome<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof StoreFailure) return err(storeProblem(error));
    throw error;
  }
}
