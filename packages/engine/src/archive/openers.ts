/** Who can open the archive: the circle's live devices, the passphrase, and the trustees of the plans there are. */
import { type Bytes, equalBytes, sha256, utf8 } from "@photon/protocol/codec";
import { isHybridRecipient, type OpenerKind } from "@photon/protocol/archive";
import { circleDevices } from "../circle/devices.ts";
import type { Work } from "../storage/core.ts";
import type { Known } from "./known.ts";
import { joinTrustees } from "./location-join.ts";
import { authorityOpenersIn, type Location, type TrusteesOpener } from "./location-record.ts";
import { keepLocation, loadLocation, turned } from "./location.ts";

export interface Opener {
  readonly kind: OpenerKind;
  readonly name: string;
  /** An age hybrid recipient. */
  readonly recipient: string;
  /** Whether it opens the compartment `authority` as well. */
  readonly authority?: true;
}

export const passphraseName = "passphrase";
/** What the opener of a plan's trustees is called, in the manifest and to the person. */
export const trusteesName = (planVersion: number): string => `plan ${planVersion}`;

/** A device that is disputed keeps opening its own archive; nobody else's keys are wrapped to it. */
export async function openersOf(
  work: Work,
  location: Pick<Location, "passphrase" | "trustees" | "authority">,
): Promise<readonly Opener[]> {
  const devices = (await circleDevices(work)).filter(
    ({ device, status }) => status === "live" || (status === "frozen" && device === work.self.device),
  );
  const openers: Opener[] = devices.map(({ name, recipient }) => ({ kind: "device", name, recipient }));
  const { passphrase } = location;
  if (passphrase !== undefined) openers.push({ kind: "passphrase", name: passphraseName, recipient: passphrase.recipient });
  for (const { planVersion, recipient } of trusteesIn(location))
    openers.push({ kind: "trustees", name: trusteesName(planVersion), recipient });
  for (const { kind, name, recipient } of authorityOpenersIn(location)) openers.push({ kind, name, recipient, authority: true });
  return openers;
}

/**
 * Whether the wrapping at the vault is for exactly these openers. Names suffice: no two live devices have one name, and
 * whoever is removed or replaced turns the epoch, which asks for a new wrapping by itself.
 */
export function isWrappedFor(known: Known, openers: readonly Opener[]): boolean {
  const named = (list: readonly { readonly kind: string; readonly name: string }[]): string =>
    JSON.stringify(list.map(({ kind, name }) => `${kind} ${name}`).toSorted());
  return named(known.openers) === named(openers);
}

type LiveTrustees = TrusteesOpener & { readonly recipient: string };

/** The openers of plans that were not removed, by plan version. */
export const trusteesIn = ({ trustees = [] }: Pick<Location, "trustees">): readonly LiveTrustees[] =>
  trustees.flatMap(({ recipient, until, ...rest }) =>
    recipient === undefined || until !== undefined ? [] : [{ ...rest, recipient }],
  );

/** Plans whose trustees can open the archive at once; a manifest names ten devices and a passphrase besides. */
export const maxPlans = 4;

/**
 * Makes the trustees of a plan an opener, or, without a recipient, removes that plan's. The opener of an older plan stays
 * one until it is removed: its trustees are the way back for as long as their successors are not in force. Of more than
 * `maxPlans`, the oldest and the newest stay: those between never came into force.
 *
 * Removing turns the archive's keys. In the caller's unit; the next flush wraps the epochs anew.
 * @param recipient `age1pq1…`, whose private half was dealt and erased. Throws for any other kind.
 */
export async function setTrusteeOpener(work: Work, recipient: string | undefined, planVersion: number): Promise<void> {
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("a profile without an archive");
  if (recipient !== undefined && !(await isHybridRecipient(recipient))) throw new Error("an opener that is not hybrid");
  const added = recipient === undefined ? undefined : { id: openerId(recipient), planVersion, since: work.now(), recipient };
  const live = trusteesIn(location);
  const replaced = live.filter((one) => one.planVersion === planVersion && (added === undefined || !equalBytes(one.id, added.id)));
  const gone = added === undefined ? replaced : [...replaced, ...tooMany(live.filter((one) => one.planVersion !== planVersion))];
  const trustees = joinTrustees([
    ...(location.trustees ?? []),
    ...gone.map((one) => ({ ...one, until: work.now() })),
    ...(added === undefined ? [] : [added]),
  ]);
  await keepLocation(work, { ...(gone.length === 0 ? location : turned(work, location)), trustees });
}

/** Of what came from elsewhere: trustees, an escrow, shares. */
export const openerId = (recipient: string): Bytes => new Uint8Array(sha256(utf8(recipient)));

/** Which of the plans there are have to go when another is added. */
const tooMany = (plans: readonly LiveTrustees[]): readonly LiveTrustees[] =>
  plans.length < maxPlans ? [] : plans.slice(1, plans.length - (maxPlans - 2));
