/**
 * Turning the archive's keys, when an opener is removed: a new epoch key, and the register's next write key. What the
 * removed opener could read stays readable to it; nothing that comes after does. The next flush wraps the epoch to those
 * that are left and announces the write key in a head that the old one signs.
 */
import type { Work } from "../storage/core.ts";
import { keepLocation, loadLocation, turned } from "./location.ts";

/** In the caller's unit, together with what removes the opener. */
export async function turnArchive(work: Work): Promise<void> {
  const location = await loadLocation(work);
  if (location !== undefined) await keepLocation(work, turned(work, location));
}
