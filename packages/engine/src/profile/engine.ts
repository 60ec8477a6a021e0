/**
 * The engine over one open profile. Operations run one after the other, each in units of work; when a unit fails, what
 * was held in memory is dropped and read from the disk again.
 */
import { err, equalBytes, ok, type Result, toHex } from "@photon/protocol/codec";
import { encodeText } from "@photon/protocol/queue";
import { fingerprint, safetyWords as wordsOf } from "@photon/protocol/meeting";
import type { StatementId } from "@photon/protocol/statement";
import type { Contact, Engine, Outcome, PlanStatus, Ports, ShownMessage, SyncReport } from "../api.ts";
import { exportAs } from "../archive/export.ts";
import { importFrom } from "../archive/import.ts";
import { importedRecord } from "../archive/imported.ts";
import { addPassphraseOpener, backupStatus } from "../archive/status.ts";
import { undoTo } from "../archive/undo.ts";
import { flushArchive } from "../archive/upload.ts";
import { addVault, removeVault } from "../archive/vaults.ts";
import { keptHeads } from "../archive/versions.ts";
import { addDevice } from "../circle/admission.ts";
import { circleDevices, lastSeen, unknownDevices } from "../circle/devices.ts";
import { retireDevice, retireReport } from "../circle/retire-device.ts";
import { tellCircle } from "../circle/telling.ts";
import { newContent } from "../conversation/content.ts";
import { isMessage, keepMessage, sentState, shownMessages } from "../conversation/messages.ts";
import { postToward, postUntilAcked, resealUnacked } from "../conversation/post.ts";
import { followBundle, retryParked } from "../conversation/receive.ts";
import { keepUntilAcked } from "../conversation/unacked.ts";
import { flush } from "../delivery/flush.ts";
import { knock } from "../delivery/knock.ts";
import { speaks } from "../duties/duties.ts";
import { photonError, type PhotonError, type PhotonErrorCode } from "../errors.ts";
import { acceptOffer, alreadyMet, fetchOffer } from "../meeting/accept.ts";
import { claimFound, confirmation, confirmClaim } from "../meeting/claims.ts";
import { clockProblem } from "../meeting/clock.ts";
import { findContact, historyOf, type Listed, listContacts } from "../meeting/contacts.ts";
import { invite } from "../meeting/invite.ts";
import { planDuties } from "../plan/duties.ts";
import { makePlan } from "../plan/make.ts";
import { planStatus } from "../plan/status.ts";
import { recoveryProgress } from "../recovery/progress.ts";
import { circleId, flagSchema, keys, petnameSchema, setRecord, timeSchema, verifiedSchema } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { loadRelationship, ownLeaf } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer, say } from "../relationship/speaking.ts";
import { Work } from "../storage/core.ts";
import { soonOver, waitingUntil } from "../storage/patience.ts";
import { contestRecoveries } from "../succession/contest.ts";
import { decideOn, openSuccession } from "../succession/decide.ts";
import { recoveryNotices } from "../succession/notices.ts";
import { approve, decline, lookUp, shownRequest } from "../trustee/approve.ts";
import { sayAsTrustee } from "../trustee/duties.ts";
import { answerAsk, help, listTrusteeships, trusteeshipOf } from "../trustee/list.ts";
import { StoreFailure } from "../ports/index.ts";
import { waitForHint } from "./hints.ts";
import { cleanName } from "./names.ts";
import { type ProfileRecord, selfOf } from "./profile.ts";
import { isRetired } from "./standing.ts";
import { storeProblem } from "./store-problem.ts";
import { syncOnce } from "./sync.ts";

type Step<T> = (work: Work) => Promise<Result<T, PhotonError>>;

const fail = (code: PhotonErrorCode, detail = ""): { readonly ok: false; readonly error: PhotonError } =>
  err(photonError(code, detail));

export function makeEngine(ports: Ports, profile: ProfileRecord): Engine {
  const self = selfOf(profile);
  const cache = new Map<string, Relationship>();
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time. What was written and not committed when a step fails is forgotten. */
  function run<T>(step: Step<T>, signal?: AbortSignal): Outcome<T> {
    const next = last.then(() => attempt(step, signal));
    // A bug in one operation is thrown to whoever asked for it; those behind it run all the same.
    last = next.catch(() => undefined);
    return next;
  }

  async function attempt<T>(step: Step<T>, signal: AbortSignal | undefined): Outcome<T> {
    const work = new Work(waitingUntil(ports, signal), self, cache);
    try {
      const outcome = await step(work);
      if (outcome.ok) await work.commit();
      else cache.clear();
      return outcome;
    } catch (error) {
      cache.clear();
      if (error instanceof StoreFailure) return err(storeProblem(error));
      throw error;
    }
  }

  /** For what only a device that still belongs to the circle may do. */
  const act = <T>(step: Step<T>): Outcome<T> =>
    run(async (work) => ((await isRetired(work)) ? fail("device-retired") : step(work)));

  /** Sends what an operation left in the outbox, as far as that works now; the rest waits for `sync`. */
  async function sendNow(work: Work, relationship: string, signal = soonOver()): Promise<void> {
    await work.commit();
    await flush(work, { relationship, onMoved: followBundle, signal });
  }

  /** The same, for what our other devices have to know first. */
  async function tellAndSend(work: Work, relationship: string): Promise<void> {
    await tellCircle(work);
    const signal = soonOver();
    await flush(work, { relationship: circleId, onMoved: followBundle, signal });
    await sendNow(work, relationship, signal);
  }

  const withContact = <T>(who: string, step: (work: Work, listed: Listed) => Promise<Result<T, PhotonError>>): Step<T> => {
    return async (work) => {
      const found = await findContact(work, who);
      return found.ok ? step(work, found.value) : found;
    };
  };

  async function contactOf(work: Work, relationship: string): Promise<Result<Contact, PhotonError>> {
    const listed = (await listContacts(work)).find((one) => one.relationship === relationship);
    return listed === undefined ? fail("unknown-contact") : ok(listed.contact);
  }

  async function statusOf(work: Work): Promise<Result<PlanStatus, PhotonError>> {
    const status = await planStatus(work);
    return status === undefined ? fail("no-plan") : ok(status);
  }

  async function petnameFor(work: Work, petname: string, relationship: string | undefined): Promise<Result<string, PhotonError>> {
    const clean = cleanName(petname);
    if (clean === undefined) return fail("bad-petname");
    const taken = (await listContacts(work)).some((one) => one.contact.petname === clean && one.relationship !== relationship);
    return taken ? fail("petname-taken", clean) : ok(clean);
  }

  return {
    deviceName: profile.name,
    relay: profile.relay,

    meet: ({ petname }) =>
      act(async (work) => {
        const name = petname === undefined ? ok(undefined) : await petnameFor(work, petname, undefined);
        if (!name.ok) return name;
        const problem = (await knock(work.ports, profile.relay)) ?? clockProblem(work, profile.relay);
        if (problem !== undefined) return err(problem);
        const invitation = await invite(work, profile.relay, name.value);
        if (!invitation.ok) return invitation;
        await work.commit();
        const flushed = await flush(work, { onMoved: followBundle });
        await tellCircle(work);
        const [left] = flushed.problems;
        // An invitation that does not lie at the relay is of no use to the other person yet; say so.
        return flushed.pending > 0 && left !== undefined ? err(left) : invitation;
      }),

    accept: (invitation, { petname }) =>
      act(async (work) => {
        const known = await alreadyMet(work, invitation, profile.relay);
        if (known !== undefined) return err(known);
        const name = await petnameFor(work, petname, undefined);
        if (!name.ok) return name;
        const offered = await fetchOffer(work, invitation, profile.relay);
        if (!offered.ok) return offered;
        const relationship = await acceptOffer(work, offered.value, profile.relay, name.value);
        if (!relationship.ok) return relationship;
        await tellAndSend(work, relationship.value.id);
        return contactOf(work, relationship.value.id);
      }),

    contacts: () => run(async (work) => ok((await listContacts(work)).map(({ contact }) => contact))),

    confirm: (id, { petname }) =>
      act(
        withContact(id, async (work, { claim, relationship: relationshipId, contact }) => {
          if (claim === undefined) return fail("not-confirmable", contact.petname);
          const name = await petnameFor(work, petname, relationshipId);
          if (!name.ok) return name;
          const relationship = await loadRelationship(work, relationshipId);
          await confirmClaim(work, relationship, claim);
          await setRecord(work, keys.petname(relationshipId), petnameSchema, name.value);
          await announceToOwn(
            work,
            relationship,
            relationship.peer === undefined ? [] : [...relationship.peer.statements.values()],
          );
          await retryParked(work, relationshipId);
          await postUntilAcked(work, relationship, await confirmation(work, relationship));
          await tellAndSend(work, relationshipId);
          return contactOf(work, relationshipId);
        }),
      ),

    rename: (who, petname) =>
      run(
        withContact(who, async (work, { relationship }) => {
          const name = await petnameFor(work, petname, relationship);
          if (!name.ok) return name;
          await setRecord(work, keys.petname(relationship), petnameSchema, name.value);
          return contactOf(work, relationship);
        }),
      ),

    safetyWords: (who) =>
      run(
        withContact(who, async (work, { relationship: id, claim, contact }) => {
          const relationship = await loadRelationship(work, id);
          const mine = foundOf(relationship, relationship.mine.side);
          const peerSide = claim?.side ?? relationship.peer?.side;
          const theirs =
            claim === undefined ? (peerSide === undefined ? undefined : foundOf(relationship, peerSide)) : claimFound(claim);
          if (mine === undefined || theirs === undefined || peerSide === undefined) return fail("not-active", contact.petname);
          return ok(wordsOf(fingerprint(relationship.mine.side, mine), fingerprint(peerSide, theirs)));
        }),
      ),

    verify: (who, how) =>
      run(
        withContact(who, async (work, { relationship: id, contact, claim }) => {
          if (claim !== undefined) return fail("confirm-first", contact.petname);
          const { peer } = await loadRelationship(work, id);
          if (peer === undefined) return fail("not-active", contact.petname);
          await setRecord(work, keys.verified(id), verifiedSchema, { how, at: work.now(), peer: peer.side });
          return contactOf(work, id);
        }),
      ),

    history: (who) =>
      run(
        withContact(who, async (work, { relationship: id }) => {
          const { peer, mine } = await loadRelationship(work, id);
          const imported = (await importedRecord(work, id))?.history ?? [];
          const entries = [
            ...imported,
            ...(peer === undefined ? [] : historyOf(peer.state, "peer")),
            ...historyOf(mine.state, "me"),
          ];
          await setRecord(work, keys.looked(id), timeSchema, work.now());
          return ok(entries.toSorted((a, b) => a.at - b.at));
        }),
      ),

    closeContact: (who) =>
      act(
        withContact(who, async (work, { relationship: id, claim }) => {
          const relationship = await loadRelationship(work, id);
          await setRecord(work, keys.closed(id), flagSchema, true);
          if (claim === undefined && (await ownLeaf(work, relationship))?.live === true && relationship.peer !== undefined) {
            const close = await say(work, relationship, "close", { reason: "goodbye" });
            await announceToPeer(work, relationship, [close]);
            await announceToOwn(work, relationship, [close]);
            await sendNow(work, id);
          }
          return contactOf(work, id);
        }),
      ),

    send: (who, text, { to } = {}) =>
      act(
        withContact(who, async (work, { relationship: id, claim, contact }) => {
          const body = encodeText(text);
          if (!body.ok) return fail(body.error.code === "too-long" ? "message-too-long" : "bad-text", body.error.detail);
          if (body.value.length === 0) return fail("message-empty");
          const refused = refusalOf(contact.state, claim !== undefined, to !== undefined);
          if (refused !== undefined) return fail(refused, contact.petname);
          const relationship = await loadRelationship(work, id);
          const own = await ownLeaf(work, relationship);
          if (own === undefined) return fail("not-active", contact.petname);
          const content = await newContent(work, relationship, "text", body.value);
          await keepMessage(work, relationship, content, { who: "me", leaf: own.id, quarantined: false });
          const isChanging = relationship.peer !== undefined && openSuccession(relationship.peer.state) !== undefined;
          if (!isChanging && (await speaks(work, relationship))) await postUntilAcked(work, relationship, content);
          else if (!isChanging || to === undefined || !(await postToward(work, relationship, content, to)))
            keepUntilAcked(work, relationship, content);
          await sendNow(work, id);
          return ok({ id: toHex(content.id), state: await sentState(work, id, content) });
        }),
      ),

    read: (who, page = {}) =>
      run(
        withContact(who, async (work, { relationship }) => {
          if (page.after !== undefined && !(await isMessage(work, relationship, page.after)))
            return fail("unknown-message", page.after);
          return ok<readonly ShownMessage[]>(await shownMessages(work, await loadRelationship(work, relationship), page));
        }),
      ),

    decideSuccession: (who, decision, how) =>
      act(
        withContact(who, async (work, { relationship: id }) => {
          const relationship = await loadRelationship(work, id);
          const decided = await decideOn(work, relationship, decision, how);
          if (!decided.ok) return decided;
          await retryParked(work, id);
          await resealUnacked(work, relationship);
          await tellAndSend(work, id);
          return contactOf(work, id);
        }),
      ),

    planTrustees: (options) =>
      act(async (work) => {
        const plan = await makePlan(work, profile.relay, options);
        if (!plan.ok) return plan;
        await work.commit();
        await tellCircle(work);
        await flush(work, { onMoved: followBundle, signal: soonOver() });
        return statusOf(work);
      }),
    planStatus: () => run(async (work) => ok(await planStatus(work))),

    trusteeships: () => run(async (work) => ok(await listTrusteeships(work))),
    answerTrustee: (who, accepts) =>
      act(
        withContact(who, async (work, { relationship }) => {
          const answered = await answerAsk(work, relationship, accepts);
          if (!answered.ok) return answered;
          await tellAndSend(work, relationship);
          return trusteeshipOf(work, relationship);
        }),
      ),
    helpRecover: (who) => act(withContact(who, (work, { relationship }) => help(work, relationship, profile.relay))),
    lookUpRequest: (who, code) =>
      act(
        withContact(who, async (work, { relationship }) => {
          const looked = await lookUp(work, relationship, code);
          if (!looked.ok) return looked;
          const shown = await shownRequest(work, looked.value);
          return shown === undefined ? err(photonError("request-expired")) : ok(shown);
        }),
      ),
    approveRecovery: (who, options) =>
      act(
        withContact(who, async (work, { relationship }) => {
          const approved = await approve(work, relationship, options);
          if (!approved.ok) return approved;
          await tellAndSend(work, relationship);
          await sayAsTrustee(work);
          return approved;
        }),
      ),
    declineRecovery: (who, { pressured }) =>
      act(
        withContact(who, async (work, { relationship }) => {
          const declined = await decline(work, relationship, pressured);
          if (!declined.ok) return declined;
          await work.commit();
          await sayAsTrustee(work);
          return trusteeshipOf(work, relationship);
        }),
      ),

    recoveryNotices: () => run(async (work) => ok(await recoveryNotices(work))),
    contest: ({ request, reason = "not-me" } = {}) =>
      act(async (work) => {
        const contested = await contestRecoveries(work, request, reason);
        if (!contested.ok) return contested;
        await work.commit();
        await planDuties(work);
        await tellCircle(work);
        await flush(work, { onMoved: followBundle, signal: soonOver() });
        return contested;
      }),
    recoveryProgress: () => run(async (work) => ok(await recoveryProgress(work))),

    devices: () =>
      run(async (work) => {
        const devices = [];
        for (const { device, name, status, added } of await circleDevices(work)) {
          const thisOne = device === self.device;
          devices.push({
            name,
            state: thisOne && (await isRetired(work)) ? "retired" : status,
            thisOne,
            lastSeen: thisOne ? work.now() : Math.max(added, await lastSeen(work, device)),
          } as const);
        }
        for (const { name, added } of await unknownDevices(work))
          devices.push({ name, state: "live", thisOne: false, lastSeen: added } as const);
        return ok(devices);
      }),

    addDevice: (begun) => act((work) => addDevice(work, profile.relay, act, begun)),

    // Also by a device that another one has retired: how it objects.
    retire: (device, reason) =>
      run(async (work) => {
        const retired = await retireDevice(work, device, reason);
        if (!retired.ok) return retired;
        await tellCircle(work);
        await flushArchive(work);
        await flush(work, { onMoved: followBundle });
        return ok({ retired: retired.value, relationships: await retireReport(work) });
      }),

    sync: (options = {}) => run<SyncReport>((work) => syncOnce(work, options.signal), options.signal),

    waitForHint: (timeout, signal) => waitForHint(ports, run, timeout, signal),

    backupStatus: () => run(async (work) => ok(await backupStatus(work))),
    addVault: (url) =>
      act(async (work) => {
        const added = await addVault(work, url);
        if (!added.ok) return added;
        await work.commit();
        await tellCircle(work);
        await flushArchive(work);
        return ok(await backupStatus(work));
      }),
    removeVault: (url) =>
      act(async (work) => {
        const removed = await removeVault(work, url);
        if (!removed.ok) return removed;
        await work.commit();
        await tellCircle(work);
        return ok(await backupStatus(work));
      }),
    backupVersions: () =>
      run(async (work) => {
        const heads = await keptHeads(work);
        return heads.ok ? ok(heads.value.map(({ version }) => version)) : heads;
      }),
    undoBackup: (version) =>
      act(async (work) => {
        const undone = await undoTo(work, version);
        if (!undone.ok) return undone;
        await work.commit();
        await tellCircle(work);
        await flushArchive(work);
        await flush(work, { relationship: circleId, onMoved: followBundle });
        return undone;
      }),
    addPassphraseOpener: (passphrase) => act((work) => addPassphraseOpener(work, passphrase)),
    exportAs: (kind, passphrase) => run((work) => exportAs(work, kind, passphrase)),
    importFrom: (file, passphrase) => run((work) => importFrom(work, file, passphrase)),

    close: async () => {
      await last;
      await ports.store.close();
    },
  };
}

function refusalOf(state: Contact["state"], isClaim: boolean, isAddressed: boolean): PhotonErrorCode | undefined {
  if (isClaim || state === "confirm") return "confirm-first";
  if (state === "frozen") return "relationship-frozen";
  if (state === "contested") return isAddressed ? undefined : "contested";
  return state === "closed" ? "relationship-closed" : undefined;
}

function foundOf(relationship: Relationship, side: Uint8Array): StatementId | undefined {
  for (const lineage of [relationship.mine, relationship.peer]) {
    if (lineage === undefined || !equalBytes(lineage.side, side)) continue;
    for (const statement of lineage.statements.values()) if (statement.type === "found") return statement.id;
  }
  return undefined;
}
