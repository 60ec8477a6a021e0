/**
 * What came before that on which it builds, kept until that is here. Bounded in rows and bytes, so that a peer cannot fill the
 * disk: the oldest give way (their sender has them still, unacknowledged).
 *
 * | key in `pending`                                | holds                                       | looked at again                     |
 * | ----------------------------------------------- | ------------------------------------------- | ----------------------------------- |
 * | `p/<relationship>/<number>`                     | envelopes that wait for statements          | when any were added                 |
 * | `g/<relationship>/<generation>/<sender>/<counter>` | a message that waits for its sender's earlier | when the one before it was opened |
 * | `f/<relationship>/<id>/<index>`                 | fragments                                   | when the last part comes            |
 * | `n/<relationship>`                              | how much is under `p/` and `g/`             |                                     |
 */
import { bytes, type Bytes, type SchemaType, struct, toHex, uint } from "@photon/protocol/codec";
import { addFragment, type EnvelopeOf, fragmentSchema } from "@photon/protocol/queue";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";

const parkedSchema = struct({ envelope: [1, bytes({ max: 1024 * 1024 })], since: [2, uint()] });
export type Parked = SchemaType<typeof parkedSchema> & { readonly key: string };
const loadSchema = struct({ rows: [1, uint()], bytes: [2, uint()] });

const maxRows = 1000;
const maxBytes = 8 * 1024 * 1024;
const maxFragmentRows = 512;
const counterSchema = uint();

const loadKey = (relationship: string): string => `n/${relationship}`;

async function changeLoad(work: Work, relationship: string, rows: number, size: number): Promise<void> {
  const load = (await work.read("pending", loadKey(relationship), loadSchema)) ?? { rows: 0, bytes: 0 };
  const changed = { rows: Math.max(0, load.rows + rows), bytes: Math.max(0, load.bytes + size) };
  work.write("pending", loadKey(relationship), loadSchema, changed);
}

async function isFull(work: Work, relationship: string, size: number): Promise<boolean> {
  const load = (await work.read("pending", loadKey(relationship), loadSchema)) ?? { rows: 0, bytes: 0 };
  return load.rows + 1 > maxRows || load.bytes + size > maxBytes;
}

/** A quarter at once: finding the oldest costs a look at all. */
async function makeRoom(work: Work, relationship: string): Promise<void> {
  const waiting = await parked(work, relationship);
  const gaps = await work.list("pending", `g/${relationship}/`);
  const oldest = waiting.slice(0, Math.ceil(waiting.length / 4));
  for (const item of oldest) await unpark(work, relationship, item);
  if (gaps.length > maxRows / 2) await dropGaps(work, relationship);
}

/** For what waits for statements, generations, or the person's choice. */
export async function park(work: Work, relationship: string, envelope: Bytes): Promise<void> {
  if (await isFull(work, relationship, envelope.length)) await makeRoom(work, relationship);
  const number = ((await work.read("meta", "parked", counterSchema)) ?? 0) + 1;
  work.write("meta", "parked", counterSchema, number);
  const key = `p/${relationship}/${number.toString(16).padStart(13, "0")}`;
  work.write("pending", key, parkedSchema, { envelope, since: work.now() });
  await changeLoad(work, relationship, 1, envelope.length);
}

export async function parked(work: Work, relationship: string): Promise<readonly Parked[]> {
  return (await work.list("pending", `p/${relationship}/`)).map(({ key, value }) => ({ key, ...parseRow(parkedSchema, value) }));
}

export async function unpark(work: Work, relationship: string, item: Parked): Promise<void> {
  work.delete("pending", item.key);
  await changeLoad(work, relationship, -1, -item.envelope.length);
}

/** A message's place in its sender's ratchet. */
export interface Place {
  readonly generation: Uint8Array;
  readonly sender: Uint8Array;
  readonly counter: number;
}
const gapKey = (relationship: string, { generation, sender, counter }: Place): string =>
  `g/${relationship}/${toHex(generation)}/${toHex(sender)}/${counter.toString(16).padStart(8, "0")}`;

/** For a message that came before an earlier one of its sender's. */
export async function parkGap(work: Work, relationship: string, place: Place, envelope: Bytes): Promise<void> {
  const key = gapKey(relationship, place);
  if ((await work.get("pending", key)) !== undefined) return;
  if (await isFull(work, relationship, envelope.length)) await makeRoom(work, relationship);
  work.write("pending", key, parkedSchema, { envelope, since: work.now() });
  await changeLoad(work, relationship, 1, envelope.length);
}

/** The message that waited for the one before this place, no longer parked; or undefined. */
export async function takeGap(work: Work, relationship: string, place: Place): Promise<Bytes | undefined> {
  const key = gapKey(relationship, place);
  const row = await work.read("pending", key, parkedSchema);
  if (row === undefined) return undefined;
  work.delete("pending", key);
  await changeLoad(work, relationship, -1, -row.envelope.length);
  return row.envelope;
}

/** Gives up all messages that wait for an earlier one: their senders seal them again. */
export async function dropGaps(work: Work, relationship: string): Promise<void> {
  for (const { key, value } of await work.list("pending", `g/${relationship}/`)) {
    work.delete("pending", key);
    await changeLoad(work, relationship, -1, -parseRow(parkedSchema, value).envelope.length);
  }
}

/** Relationships with a message that has waited for an earlier one of its sender's for more than so many ms. */
export async function gapsOlderThan(work: Work, patience: number): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const { key, value } of await work.list("pending", "g/"))
    if (elapsed(parseRow(parkedSchema, value).since, work.now()) > patience) found.add(key.split("/")[1] ?? "");
  return [...found];
}

/** @returns the whole envelope's encoding once its last part is here. */
export async function assemble(work: Work, relationship: string, fragment: EnvelopeOf<"fragment">): Promise<Bytes | undefined> {
  const prefix = `f/${relationship}/${toHex(fragment.id)}/`;
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
