/** Openers of the compartment `authority`: an escrow, or a set of shares. They open `relationships` as well. */
import { toHex } from "@photon/protocol/codec";
import { isHybridRecipient } from "@photon/protocol/archive";
import { listState, markPending } from "../circle/state.ts";
import type { Work } from "../storage/core.ts";
import { joinAuthorityOpeners } from "./location-join.ts";
import { authorityOpenersIn } from "./location-record.ts";
import { keepLocation, loadLocation, turned, turnedAuthority } from "./location.ts";
import { openerId } from "./openers.ts";

export interface AuthorityHolder {
  readonly kind: "escrow" | "shares";
  /** As the person knows it; one opener at a time has it. */
  readonly name: string;
}

/**
 * Makes an escrow or a set of shares an opener of both compartments, or, without a recipient, removes the one of that name. With the
 * first of them the compartment begins; with the last it ends. Removing turns the keys of both. In the caller's unit.
 * @param recipient `age1pq1…`. Throws for any other kind.
 */
export async function setAuthorityOpener(
  work: Work,
  { kind, name }: AuthorityHolder,
  recipient: string | undefined,
): Promise<void> {
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("a profile without an archive");
  if (recipient !== undefined && !(await isHybridRecipient(recipient))) throw new Error("an opener that is not hybrid");
  const added = recipient === undefined ? [] : [{ id: openerId(recipient), kind, name, since: work.now(), recipient }];
  const stays = new Set(added.map(({ id }) => toHex(id)));
  const live = authorityOpenersIn(location);
  const gone = live.filter((one) => one.name === name && one.kind === kind && !stays.has(toHex(one.id)));
  const begins = live.length === 0 && added.length > 0;
  const isTurned = gone.length > 0;
  const { openers, epochs } =
    isTurned || begins || location.authority === undefined ? turnedAuthority(work, location) : location.authority;
  const all = joinAuthorityOpeners([...openers, ...gone.map((one) => ({ ...one, until: work.now() })), ...added]);
  await keepLocation(work, { ...(isTurned ? turned(work, location) : location), authority: { openers: all, epochs } });
  // What there was before anybody could open it was not archived.
  if (begins) for (const { key } of await listState(work, "auth/")) markPending(work, key, { circle: false, archive: true });
}
