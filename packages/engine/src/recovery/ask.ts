/**
 * Asking: on a device without a profile. It makes the keys of a request, lays it in a drop, and reads what trustees answer
 * until their shares open the archive. Everything is on the disk before it is shown, so that it goes on after any interruption;
 * and nothing is on the disk of a request that could not be laid down, so that it can be begun anew at another relay.
 */
import { asBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { parseDeviceCode, parseOrigin } from "@photon/protocol/meeting";
import { makeQueueKeys, openDeposit, signRead } from "@photon/protocol/queue";
import {
  codeOf,
  encodeRequest,
  readReply,
  type RecoveryRequest,
  type Reply,
  requestDigest,
  sealRequest,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import type { Ports } from "../api.ts";
import { keysOf, queueKeys, writeSide } from "../delivery/inboxes.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { Work } from "../storage/core.ts";
import { keepRecovery, keepReply, loadRecovery, loadReplies, maxReplies, type RecoveryRow } from "./records.ts";

/** A relay's address, or the words by which a trustee helps: they begin with one. */
export function relayFor(words: string): Result<string, PhotonError> {
  const origin = parseOrigin(words.trim());
  if (origin !== undefined) return ok(origin);
  const code = parseDeviceCode(words);
  return code.ok ? ok(code.value.relay) : err(photonError("bad-help-words", code.error.detail));
}

/** A unit of work of a device that has no profile yet. */
export function workOf(ports: Ports, { device, name }: Pick<RecoveryRow, "device" | "name">): Work {
  return new Work(ports, { device: toHex(device), node: device, name }, new Map());
}

/** A request that was begun here before and is over gives way. @returns the row, once the request lies at the relay. */
export async function beginRecovery(ports: Ports, name: string, relay: string): Promise<Result<RecoveryRow, PhotonError>> {
  const device = ports.random.bytes(8);
  const work = workOf(ports, { device, name });
  const signSeed = work.random(32);
  const reply = { relay, ...makeQueueKeys(work.random(128)), created: work.now() };
  const { recipient } = await ports.keys.open();
  const request: RecoveryRequest = {
    suite: "ed25519-xwing-aes256gcm-sha512",
    created: work.now(),
    device: name,
    recipient,
    signKey: asBytes(ed25519Signer(signSeed).publicKey),
    reply: writeSide(reply, 0),
  };
  const bytes = encodeRequest(request);
  const row: RecoveryRow = {
    phase: "asking",
    request: bytes,
    digest: requestDigest(bytes),
    relay,
    signSeed,
    reply,
    device,
    name,
    created: work.now(),
    laid: true,
    after: 0,
    replies: 0,
  };
  const problem = await layDown(work, row);
  if (problem !== undefined) return err(problem);
  for (const { key } of await work.list("meta", "reply/")) work.delete("meta", key);
  work.delete("meta", "heard");
  keepRecovery(work, row);
  await work.commit();
  return ok(row);
}

/** Makes the reply queue, then the drop. @returns why that could not be done. */
async function layDown(work: Work, row: RecoveryRow): Promise<PhotonError | undefined> {
  const { receiveId, sendId } = row.reply;
  const made = await work.ports.transport.call(row.relay, "create", { receiveId, sendId, ...queueKeys(row.reply, 0) });
  if (!made.ok) return relayProblem(row.relay, made.error);
  const code = codeOf(row.request, row.relay);
  const sealed = sealRequest(code, row.request, work.random(24));
  if (!sealed.ok) throw new Error(`a request that fits no drop: ${sealed.error.detail}`);
  const put = await work.ports.transport.call(row.relay, "put", { dropId: code.dropId, body: sealed.value, days: requestDays });
  return put.ok ? undefined : relayProblem(row.relay, put.error);
}

/** Days for which the request lies in its drop: who has not approved it by then cannot any more. */
export const requestDays = 30;

const entriesPerRead = 64;
const maxRounds = 128;

/** Answers of one author under one dealer: an honest trustee's signatures for thirty thousand relationships, more than once. */
const maxPerAuthor = 256;
function count(said: Map<string, number>, { dealerKey, author }: Reply): number {
  const voice = `${toHex(dealerKey)} ${toHex(author)}`;
  const now = (said.get(voice) ?? 0) + 1;
  said.set(voice, now);
  return now;
}

function counted(replies: readonly Reply[]): Map<string, number> {
  const said = new Map<string, number>();
  for (const reply of replies) count(said, reply);
  return said;
}

/** Reads what trustees have answered since, and keeps it. @returns the row as it is then. */
export async function readReplies(work: Work): Promise<Result<RecoveryRow, PhotonError>> {
  const begun = await loadRecovery(work);
  if (begun === undefined) return err(photonError("no-recovery"));
  let row = begun;
  const { sealKey } = keysOf(row.reply, 0);
  let said: Map<string, number> | undefined;
  for (let round = 0; round < maxRounds; round++) {
    const { receiveId, readSeed } = row.reply;
    const read = signRead(readSeed, { receiveId, after: row.after, limit: entriesPerRead });
    const answer = await work.ports.transport.call(row.relay, "read", [read]);
    if (!answer.ok) return err(relayProblem(row.relay, answer.error));
    const [result] = answer.value.value;
    if (result === undefined || result.kind === "refused")
      return err(photonError("relay-refused", `${row.relay}: the answers to the recovery cannot be read`));
    const { entries, last, gone } = result.value;
    let { after, replies } = row;
    for (const { seq, body } of entries) {
      // Only now: most passes find nothing new, and each reply that is kept has a signature to check.
      said ??= counted(await loadReplies(work, begun));
      const inner = openDeposit([sealKey], body);
      const opened = inner.ok ? await work.ports.keys.decryptAge(inner.value) : inner;
      // Whoever overheard the code can write here too: what is no answer, or one too many, is left aside.
      const reply = opened.ok ? readReply(row.digest, opened.value) : undefined;
      if (opened.ok && reply?.ok === true && replies < maxReplies && count(said, reply.value) <= maxPerAuthor) {
        keepReply(work, replies, opened.value);
        replies += 1;
      }
      after = Math.max(after, seq);
    }
    row = { ...row, after: Math.max(after, entries.length === 0 ? gone : 0), replies };
    keepRecovery(work, row);
    await work.commit();
    if (row.after >= last || entries.length === 0) break;
  }
  return ok(row);
}
