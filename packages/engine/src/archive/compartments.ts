/**
 * The two compartments of an archive. `relationships` holds everything; `authority` holds admission keys, sealed to a key that only
 * an escrow or shares hold, and exists only with such a plan. Its segments are sealed under epochs of its own, which are
 * wrapped to openers that say so and to nobody else. See spec/07-archive.md.
 */
import type { Bytes } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import type { SegmentRef } from "./known.ts";

export type Compartment = "relationships" | "authority";
export const compartments: readonly Compartment[] = ["relationships", "authority"];

export const compartmentOf = ({ compartment }: SegmentRef): Compartment => compartment ?? "relationships";
/** By the entry's key. */
export const compartmentFor = ({ key }: Pick<Change, "key">): Compartment =>
  key.startsWith("auth/") ? "authority" : "relationships";

export const segmentsIn = (segments: readonly SegmentRef[], compartment: Compartment): readonly SegmentRef[] =>
  segments.filter((ref) => compartmentOf(ref) === compartment);

/** Epoch keys by compartment; no map for one that does not open. */
export interface CompartmentKeys {
  readonly relationships: ReadonlyMap<number, Bytes>;
  readonly authority: ReadonlyMap<number, Bytes> | undefined;
}
