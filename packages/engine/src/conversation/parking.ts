/**
 * What came before that on which it builds: kept, in order, and looked at again when something new is known. Bounded,
 * so that a peer cannot fill the disk: the oldest give way (their sender has them still, unacknowledged).
 */
import { bytes, type Bytes, type SchemaType, struct, uint } from "@photon/protocol/codec";
import { addFragment, type EnvelopeOf, fragmentSchema } from "@photon/protocol/queue";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";

const parkedSchema = struct({ envelope: [1, bytes({ max: 1024 * 1024 })], since: [2, uint()], gap: [3, uint({ max: 1 })] });
export type Parked = SchemaType<typeof parkedSchema> & { readonly key: string };

const maxParked = 2000;
const maxFragmentRows = 512;
const counterSchema = uint();

export async function park(work: Work, relationship: string, envelope: Bytes, gap: boolean): Promise<void> {
  const number = ((await work.read("meta", "parked", counterSchema)) ?? 0) + 1;
  work.write("meta", "parked", counterSchema, number);
  const rows = await work.list("pending", `p/${relationship}/`);
  for (const { key } of rows.slice(0, Math.max(0, rows.length - maxParked + 1))) work.delete("pending", key);
  work.write("pending", `p/${relationship}/${number.toString(16).padStart(13, "0")}`, parkedSchema, {
    envelope,
    since: work.now(),
    gap: gap ? 1 : 0,
  });
}

export async function parked(work: Work, relationship: string): Promise<readonly Parked[]> {
  return (await work.list("pending", `p/${relationship}/`)).map(({ key, value }) => ({ key, ...parseRow(parkedSchema, value) }));
}

export const unpark = (work: Work, item: Parked): void => work.delete("pending", item.key);

/** Relationships with a message that has waited for an earlier one of its sender's for more than so many ms. */
export async function gapsOlderThan(work: Work, patience: number): Promise<readonly string[]> {
  const rows = (await work.list("pending", "p/")).map(({ key, value }) => ({ key, ...parseRow(parkedSchema, value) }));
  return [...new Set(rows.filter(({ gap, since }) => gap === 1 && elapsed(since, work.now()) > patience).map(({ key }) => key.split("/")[1] ?? ""))];
}

/** @returns the whole envelope's encoding once its last part is here. */
export async function assemble(work: Work, relationship: string, fragment: EnvelopeOf<"fragment">): Promise<Bytes | undefined> {
  const prefix = `f/${relationship}/${[...fragment.id].map((byte) => byte.toString(16).padStart(2, "0")).join("")}/`;
  let set: Parameters<typeof addFragment>[0];
  for (const { value } of await work.list("pending", prefix)) {
    const next = addFragment(set, parseRow(fragmentSchema, value));
    if (next.ok && !("complete" in next.value)) set = next.value;
  }
  const outcome = addFragment(set, fragment);
  if (!outcome.ok) return undefined;
  if (!("complete" in outcome.value)) {
    const all = await work.list("pending", `f/${relationship}/`);
    for (const { key } of all.slice(0, Math.max(0, all.length - maxFragmentRows + 1))) work.delete("pending", key);
    work.write("pending", `${prefix}${fragment.index.toString(16).padStart(2, "0")}`, fragmentSchema, fragment);
    return undefined;
  }
  for (const { key } of await work.list("pending", prefix)) work.delete("pending", key);
  return outcome.value.complete;
}
