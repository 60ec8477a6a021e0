/** A vault of several that does not answer is left alone for a while, so that it delays nothing at the others. */
import { struct, text, toHex, uint } from "@photon/protocol/codec";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import type { Located } from "./location.ts";

/** `meta/archive/away/<register>` */
const awaySchema = struct({
  /** Milliseconds: until when it is left alone, … */
  until: [1, uint()],
  /** … and for how long that was. */
  pause: [2, uint()],
  detail: [3, text(400)],
});
const rowKey = (register: Uint8Array): string => `archive/away/${toHex(register)}`;
const [shortest, longest] = [30_000, 10 * 60_000];

/** What was said of it when it was last asked, while it is left alone. */
export async function isAway(work: Work, { register }: Located): Promise<PhotonError | undefined> {
  const away = await work.read("meta", rowKey(register), awaySchema);
  const now = work.now();
  // A clock that was set back must not make it longer.
  return away === undefined || away.until <= now || away.until > now + longest
    ? undefined
    : photonError("vault-unreachable", away.detail);
}

export async function noteAway(work: Work, { register }: Located, { detail }: PhotonError): Promise<void> {
  const last = await work.read("meta", rowKey(register), awaySchema);
  const pause = last === undefined ? shortest : Math.min(longest, 2 * last.pause);
  work.write("meta", rowKey(register), awaySchema, { until: work.now() + pause, pause, detail: detail.slice(0, 100) });
}

export async function noteHere(work: Work, { register }: Located): Promise<void> {
  if ((await work.get("meta", rowKey(register))) !== undefined) work.delete("meta", rowKey(register));
}
