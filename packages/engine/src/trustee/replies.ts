/** Answers to a new device: sealed to it, kept until its queue has taken them, and tried again by every pass. */
import { bytes, struct, text, toHex } from "@photon/protocol/codec";
import { appendMac, sealDeposit } from "@photon/protocol/queue";
import { type FoundRequest, type ReplyBody, sealReply } from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { relayProblem } from "../delivery/relay-errors.ts";
import type { PhotonError } from "../errors.ts";
import { parseRow, type Work } from "../storage/core.ts";
import type { Holding } from "./cases.ts";

const rowSchema = struct({
  relay: [1, text(256)],
  sendId: [2, bytes(16)],
  writeKey: [3, bytes(32)],
  append: [4, bytes(16)],
  body: [5, bytes({ min: 1, max: 65_536 })],
});

/** In the caller's unit. */
export async function queueReply(
  work: Work,
  { opened }: Holding,
  { digest, request }: FoundRequest,
  body: ReplyBody,
): Promise<void> {
  const author = {
    plan: opened.plan,
    version: opened.version,
    dealerKey: opened.dealer,
    signer: ed25519Signer(opened.pseudonymSeed),
    certificate: opened.certificate,
  };
  const inner = await sealReply({ digest, recipient: request.recipient }, author, body);
  const { relay, sendId, writeKey, sealKey } = request.reply;
  const sealed = sealDeposit(sealKey, inner, work.random(24));
  if (!sealed.ok) throw new Error(`an answer that fits no deposit: ${sealed.error.detail}`);
  const append = work.random(16);
  work.write("outbox", `r/${toHex(append)}`, rowSchema, { relay, sendId, writeKey, append, body: sealed.value });
}

/** A queue that is gone, or says no for good, is not tried for ever: what was for it is dropped. */
export async function flushReplies(work: Work): Promise<{ readonly pending: number; readonly problems: readonly PhotonError[] }> {
  const problems: PhotonError[] = [];
  const down = new Set<string>();
  let pending = 0;
  for (const { key, value } of await work.list("outbox", "r/")) {
    const { relay, sendId, writeKey, append, body } = parseRow(rowSchema, value);
    if (down.has(relay)) {
      pending += 1;
      continue;
    }
    const unproved = { sendId, appendId: append, body };
    const answer = await work.ports.transport.call(relay, "append", { ...unproved, mac: appendMac(writeKey, unproved) });
    const isOver = !answer.ok && answer.error.code === "refused" && answer.error.refusal === "forbidden";
    if (answer.ok || isOver) {
      work.delete("outbox", key);
      continue;
    }
    down.add(relay);
    pending += 1;
    problems.push(relayProblem(relay, answer.error));
  }
  return { pending, problems };
}
