/**
 * The write key that a recovery brings with it. All devices of a person write to a plan queue by one key, and have one portion of it:
 * whoever holds the old phone can fill that, and the new device would find no room for what its trustees are to sign. So one key
 * of each board is kept from all devices, sealed to the opener that only enough trustees can put together; a device that has
 * opened the archive with it writes by that key from then on (spec/12-recovery.md).
 */
import { type Bytes, bytes, decode, encode, list, type Result, struct } from "@photon/protocol/codec";
import { openIdentity, sealToRecipient } from "@photon/protocol/archive";
import type { Work } from "../storage/core.ts";
import type { BoardKeys, Dealt } from "./records.ts";

/** One for each operator, in their order. */
const reserveSchema = struct({ writeKeys: [1, list(bytes(32), { min: 1, max: 2 })] });
const reserveKey = (version: number): string => `reserve/${version}`;

export const sealReserve = (recipient: string, writeKeys: readonly Bytes[]): Promise<Bytes> =>
  sealToRecipient(recipient, encode(reserveSchema, { writeKeys }));

/** In the caller's unit. A plan that was dealt without one is written to by the old key. */
export async function takeReserve(work: Work, version: number, { reserve }: Dealt, identity: string): Promise<void> {
  const opener = reserve === undefined ? undefined : await openIdentity(identity);
  if (reserve === undefined || opener?.ok !== true) return;
  const opened: Result<Bytes, unknown> = await opener.value.decryptAge(reserve);
  const keys = opened.ok ? decode(reserveSchema, opened.value, opened.value.length) : undefined;
  if (keys?.ok === true) work.write("meta", reserveKey(version), reserveSchema, keys.value);
}

/** The boards of a plan as this device writes to them. */
export async function boardsHere(work: Pick<Work, "read">, version: number, { boards }: Dealt): Promise<readonly BoardKeys[]> {
  const reserve = await work.read("meta", reserveKey(version), reserveSchema);
  return boards.map((board, at) => ({ ...board, writeKey: reserve?.writeKeys[at] ?? board.writeKey }));
}
