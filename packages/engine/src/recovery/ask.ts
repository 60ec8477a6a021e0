/**
 * Asking: on a device without a profile. It makes the keys of a request, and lays it in a drop. Everything is on the disk before it is
 * shown, so that it goes on after any interruption; and nothing is on the disk of a request that could not be laid down, so that it can
 * be begun anew at another relay.
 */
import { asBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { parseDeviceCode, parseOrigin } from "@photon/protocol/meeting";
import { makeQueueKeys } from "@photon/protocol/queue";
import { codeOf, encodeRequest, type RecoveryRequest, requestDigest, sealRequest } from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import type { Ports } from "../api.ts";
import { queueKeys, writeSide } from "../delivery/inboxes.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { Work } from "../storage/core.ts";
import { heardKey, keepRecovery, type RecoveryRow, replyKey } from "./records.ts";

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
  for (const { key } of await work.list("meta", replyKey())) work.delete("meta", key);
  work.delete("meta", heardKey);
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
