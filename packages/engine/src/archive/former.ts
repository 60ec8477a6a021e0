/**
 * Registers that were left behind: `arch/former/<register>`, told to the circle and never archived. One that a thief took over,
 * or the one from before a recovery. What opens its heads is kept for as long as a vault may keep them.
 */
import { type Bytes, bytes, encode, list, struct, text, toHex, uint } from "@photon/protocol/codec";
import { maxEpoch } from "@photon/protocol/archive";
import { listState, setState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import type { ArchivePlace } from "./vault.ts";

export const formerSchema = struct({
  vault: [1, text(256)],
  register: [2, bytes(16)],
  /** Milliseconds. */
  left: [3, uint()],
  keys: [4, list(struct({ epoch: [1, uint({ max: maxEpoch })], key: [2, bytes(32)] }), { max: 1024 })],
});

const prefix = "arch/former/";
const keptFor = 90 * 24 * 3600 * 1000;

export interface Former extends ArchivePlace {
  readonly keys: ReadonlyMap<number, Bytes>;
}

/** In the caller's unit, together with what begins another register. */
export async function leaveBehind(work: Work, { vault, register }: ArchivePlace, keys: ReadonlyMap<number, Bytes>): Promise<void> {
  const record = { vault, register, left: work.now(), keys: [...keys].slice(-1024).map(([epoch, key]) => ({ epoch, key })) };
  await setState(work, `${prefix}${toHex(register)}`, encode(formerSchema, record));
}

export async function formerPlaces(work: Work): Promise<readonly Former[]> {
  return (await listState(work, prefix)).map(({ value }) => {
    const { vault, register, keys } = parseRow(formerSchema, value);
    return { vault, register, keys: new Map(keys.map(({ epoch, key }) => [epoch, key])) };
  });
}

/** Forgets those of which no vault keeps anything any more. */
export async function forgetFormer(work: Work): Promise<void> {
  for (const { key, value } of await listState(work, prefix)) {
    if (work.now() - parseRow(formerSchema, value).left > keptFor) await setState(work, key, undefined);
  }
}
