/**
 * What a trustee holds for others, and where: told in the trustee's own circle, and never archived (spec/12-recovery.md).
 *
 * | key                            | holds                                                         |
 * | ------------------------------ | ------------------------------------------------------------- |
 * | `trust/<id>/p-<version>`       | the ask, the answer, and the packet                           |
 * | `trust/<id>/c-<version>-<digest>` | what this trustee has done about a request, by that plan   |
 */
import { boolean, bytes, list, oneOf, optional, type SchemaType, struct, text, uint } from "@photon/protocol/codec";
import { planGrace } from "@photon/protocol/lineage";
import { contactedHow, maxDelayHours, maxRequest, recognisedHow } from "@photon/protocol/recovery";
import { decodePacket, packetLength, type TrusteePacket } from "@photon/protocol/trustees";
import { listState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";

export const trustStates = { asked: 0, accepted: 1, refused: 2, holding: 3, lost: 4, dismissed: 5 } as const;
export const trustSchema = struct({
  plan: [1, bytes(32)],
  version: [2, uint({ max: 0xffff_ffff })],
  state: [3, oneOf(trustStates)],
  since: [4, uint()],
  delayHours: [5, uint({ max: maxDelayHours })],
  packet: [6, optional(bytes(packetLength))],
  /** The month for which holding was last proved. */
  month: [7, optional(uint({ max: 100_000 }))],
  /** Since when they ask whether we are still willing. */
  askedAgain: [8, optional(uint())],
});
export type Trust = SchemaType<typeof trustSchema>;

export const caseSchema = struct({
  /** The request, as it lay in its drop. */
  request: [1, bytes({ min: 1, max: maxRequest })],
  /** At which levels it was approved, and when. */
  approved: [2, optional(uint())],
  approvedContested: [3, optional(uint())],
  recognised: [4, optional(oneOf(recognisedHow))],
  contacted: [5, optional(oneOf(contactedHow))],
  released: [6, optional(uint())],
  /** Batches that were answered: signed, or refused for what they are. */
  signed: [7, list(struct({ level: [1, uint({ max: 1 })], batch: [2, bytes(32)], refused: [3, optional(boolean)] }), { max: 16 })],
  declined: [8, optional(uint())],
  /** The relay at which it lies. */
  relay: [9, text(256)],
  /** When the new device was told that somebody objects. */
  warned: [10, optional(uint())],
});
export type CaseRecord = SchemaType<typeof caseSchema>;

export const trustKeys = {
  plan: (relationship: string, version: number) => `trust/${relationship}/p-${version.toString().padStart(10, "0")}`,
  case: (relationship: string, version: number, digest: string) =>
    `trust/${relationship}/c-${version.toString().padStart(10, "0")}-${digest}`,
} as const;

export interface KnownTrust extends Trust {
  readonly relationship: string;
  /** What the packet says, where there is one. */
  readonly opened: TrusteePacket | undefined;
}

/** Of one relationship or of all, the oldest version first. */
export async function loadTrusts(work: Work, relationship?: string): Promise<readonly KnownTrust[]> {
  const found: KnownTrust[] = [];
  for (const { key, value } of await listState(work, relationship === undefined ? "trust/" : `trust/${relationship}/p-`)) {
    const [, id = "", what = ""] = key.split("/");
    if (!what.startsWith("p-")) continue;
    const trust = parseRow(trustSchema, value);
    const packet = trust.packet === undefined ? undefined : decodePacket(trust.packet);
    found.push({ ...trust, relationship: id, opened: packet?.ok === true ? packet.value : undefined });
  }
  return found;
}

/** The packets that this trustee can act with: of the versions that were not dismissed, the newest last. */
export const activeTrusts = async (
  work: Work,
  relationship?: string,
): Promise<readonly (KnownTrust & { readonly opened: TrusteePacket })[]> =>
  (await loadTrusts(work, relationship)).filter(
    (trust): trust is KnownTrust & { readonly opened: TrusteePacket } => trust.state === "holding" && trust.opened !== undefined,
  );

/**
 * Those by which a request is approved, the oldest first: an older plan decides until the newer does, and can be opened for 45 days. A
 * trustee cannot know whether the person replaced it or a thief, and approves by both.
 */
export async function actingTrusts(
  work: Work,
  relationship: string,
): Promise<readonly (KnownTrust & { readonly opened: TrusteePacket })[]> {
  const active = await activeTrusts(work, relationship);
  const isOver = ({ version }: KnownTrust): boolean =>
    active.some((later) => later.version > version && elapsed(later.since, work.now()) >= planGrace);
  return active.filter((one) => !isOver(one));
}
