import { encode, uint } from "@photon/protocol/codec";
import { parseRow, type Work } from "../storage/core.ts";

const timeSchema = uint();
type Scheduled = "reconcile";

/** @param at milliseconds; 0 for at once. */
export const scheduleDuty = (work: Work, kind: Scheduled, at: number): void =>
  work.put("duty", `due/${kind}`, encode(timeSchema, at));

/** 0 where it was never scheduled. */
export async function dueAt(work: Work, kind: Scheduled): Promise<number> {
  const value = await work.get("duty", `due/${kind}`);
  return value === undefined ? 0 : parseRow(timeSchema, value);
}
