/** Saying something in our side's lineage: sign, keep, and announce to the peer and to our other devices. */
import { bytes, struct, toHex, uint } from "@photon/protocol/codec";
import { type Bodies, type LineageType, signStatement, type Statement } from "@photon/protocol/statement";
import { type Envelope, maxEnvelope, maxStatementsInEnvelope } from "@photon/protocol/queue";
import { topologicalOrder } from "@photon/protocol/lineage";
import { getState } from "../circle/state.ts";
import { deposit } from "../delivery/outbox.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { leafKeys, signerOf } from "./leaves.ts";
import type { Relationship } from "./model.ts";
import { keys } from "./records.ts";
import { addStatements, ownLeaf, statementBytes } from "./relationship.ts";

/** Signs with this device's leaf, following all heads, and adds it to our lineage. Throws without a live leaf. */
export async function say<T extends LineageType>(
  work: Work,
  relationship: Relationship,
  type: T,
  body: Bodies[T],
): Promise<Statement> {
  const own = await ownLeaf(work, relationship);
  const keys = own === undefined ? undefined : await leafKeys(work, own.id);
  if (own === undefined || !own.live || keys === undefined) throw new Error(`this device has no live leaf to sign ${type} with`);
  const { side, state } = relationship.mine;
  const statement: Statement = await signStatement<LineageType>(
    { type, side, heads: state.heads, claimedAt: work.now(), body },
    signerOf(keys),
  );
  await addStatements(work, relationship, [statement]);
  return statement;
}

const waitingSchema = struct({ statement: [1, bytes({ max: 96 * 1024 })], depositedAt: [2, uint()] });

/** Statements of ours that the peer has not acknowledged (R13), with the time of their last deposit. */
export async function unackedStatements(work: Work, relationship: string) {
  return (await work.list("outbox", `s/${relationship}/`)).map(({ key, value }) => ({ key, ...parseRow(waitingSchema, value) }));
}

/** An acknowledgement names the first half of a statement's id. */
export const statementAckId = (statement: Statement): Uint8Array<ArrayBuffer> => statement.id.slice(0, 16);

/** The peer has acknowledged these ids (hex); statements among them need not be deposited again. */
export async function settleStatements(work: Work, relationship: string, ids: ReadonlySet<string>): Promise<void> {
  for (const { key } of await work.list("outbox", `s/${relationship}/`)) {
    if (ids.has(key.slice(key.lastIndexOf("/") + 1))) work.delete("outbox", key);
  }
}

export interface AnnounceOptions {
  /** Outbox items that have to be done first. */
  readonly peerAfter?: readonly string[];
}

/** Deposits statements of ours with the peer, until it acknowledges them. @returns the outbox items, for `after` of another. */
export async function announceToPeer(
  work: Work,
  relationship: Relationship,
  statements: readonly Statement[],
  options: AnnounceOptions = {},
): Promise<readonly string[]> {
  if (relationship.peer === undefined || statements.length === 0) return [];
  const deposits: string[] = [];
  for (const some of inEnvelopes(statements))
    deposits.push(await deposit(work, relationship.id, "peer", some, { after: options.peerAfter ?? [] }));
  for (const statement of statements) {
    // A generation is acknowledged by what is said in it.
    if (statement.type === "generation") continue;
    const key = `s/${relationship.id}/${toHex(statementAckId(statement))}`;
    work.write("outbox", key, waitingSchema, { statement: statement.bytes, depositedAt: work.now() });
  }
  return deposits;
}

/** Deposits statements with our own other devices. */
export async function announceToOwn(work: Work, relationship: Relationship, statements: readonly Statement[]): Promise<void> {
  for (const some of inEnvelopes(statements)) await deposit(work, relationship.id, "own", some);
}

/**
 * Statements of ours that the peer may not have: never acknowledged to any of our devices. What is said next builds on
 * them, whichever device said them, so it is of no use without them. In the order in which they build on each other.
 */
export async function unheardStatements(work: Work, relationship: Relationship): Promise<readonly Statement[]> {
  const unheard: Statement[] = [];
  for (const statement of topologicalOrder([...relationship.mine.statements.values()])) {
    if (statement.type === "found") continue;
    const key = keys.ack(relationship.id, statementAckId(statement));
    if ((await getState(work, key)) === undefined) unheard.push(statement);
  }
  return unheard;
}

/** In order, as many in each envelope as it may hold. */
export function* inEnvelopes(statements: readonly Statement[]): Generator<Envelope> {
  let some: Statement[] = [];
  let size = 0;
  for (const statement of statements) {
    const isFull = some.length >= maxStatementsInEnvelope || size + statement.bytes.length > maxEnvelope / 2;
    if (isFull && some.length > 0) {
      yield { kind: "lineage", value: { statements: statementBytes(some) } };
      some = [];
      size = 0;
    }
    some.push(statement);
    size += statement.bytes.length;
  }
  if (some.length > 0) yield { kind: "lineage", value: { statements: statementBytes(some) } };
}
