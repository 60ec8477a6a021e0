/** The circle's record of the archive: `arch/location`. See `location.ts`. */
import { bytes, list, oneOf, optional, type SchemaType, struct, text, uint } from "@photon/protocol/codec";
import { maxEpoch } from "@photon/protocol/archive";

const epochSchema = struct({
  epoch: [1, uint({ max: maxEpoch })],
  key: [2, bytes(32)],
  /** Seed of the Ed25519 key that signs the register's heads once this epoch is in force there. */
  writeSeed: [3, bytes(32)],
});
export type Epoch = SchemaType<typeof epochSchema>;

const passphraseSchema = struct({
  recipient: [1, text(4096)],
  sealedIdentity: [2, bytes({ min: 1, max: 16 * 1024 })],
  /** Milliseconds: when it was chosen. */
  since: [3, uint()],
  /** What hides `sealedIdentity` from the vaults, from each in another way. */
  veil: [4, bytes(32)],
});

/** Removed ones stay in the list without their recipient, so that no older copy of the list brings them back. */
const trusteesSchema = struct({
  /** SHA-256 of the recipient's text. */
  id: [1, bytes(32)],
  planVersion: [2, uint()],
  /** Milliseconds: when it became an opener … */
  since: [3, uint()],
  /** … and when it was removed. */
  until: [4, optional(uint())],
  recipient: [5, optional(text(4096))],
});
export type TrusteesOpener = SchemaType<typeof trusteesSchema>;
export const maxTrusteesOpeners = 64;

const placeSchema = struct({
  /** Origin of the vault. */
  vault: [1, text(256)],
  register: [2, bytes(16)],
  /** Milliseconds: when the person chose the vault, … */
  added: [3, uint()],
  /** … when this register was begun there, … */
  begun: [4, uint()],
  /** … and when the person gave the vault up. */
  until: [5, optional(uint())],
});
export type Place = SchemaType<typeof placeSchema>;
/** Vaults in use at once; and those that were given up and are remembered. */
export const maxPlaces = 3;
export const maxRemembered = 16;

/** An escrow's opener, or that of a set of shares: removed ones stay, as those of trustees do. */
const authorityOpenerSchema = struct({
  id: [1, bytes(32)],
  kind: [2, oneOf({ escrow: 3, shares: 4 })],
  name: [3, text(64)],
  since: [4, uint()],
  until: [5, optional(uint())],
  recipient: [6, optional(text(4096))],
});
export type AuthorityOpener = SchemaType<typeof authorityOpenerSchema>;
export const maxAuthorityOpeners = 32;

const authoritySchema = struct({
  openers: [1, list(authorityOpenerSchema, { max: maxAuthorityOpeners })],
  /** Of the compartment `authority`; the write seeds are of no use. Oldest first. */
  epochs: [2, list(epochSchema, { min: 1, max: 1024 })],
});

export const locationSchema = struct({
  places: [1, list(placeSchema, { min: 1, max: maxRemembered })],
  /** Oldest first. */
  epochs: [2, list(epochSchema, { min: 1, max: 1024 })],
  passphrase: [3, optional(passphraseSchema)],
  trustees: [4, optional(list(trusteesSchema, { max: maxTrusteesOpeners }))],
  authority: [5, optional(authoritySchema)],
});
export type Location = SchemaType<typeof locationSchema>;

/** The vaults in use, in the order in which they were chosen. */
export const placesOf = ({ places }: Location): readonly Place[] =>
  places
    .filter(({ until }) => until === undefined)
    .toSorted((a, b) => a.added - b.added || (a.vault < b.vault ? -1 : 1))
    .slice(0, maxPlaces);

type LiveAuthority = AuthorityOpener & { readonly recipient: string };
export const authorityOpenersIn = ({ authority }: Pick<Location, "authority">): readonly LiveAuthority[] =>
  (authority?.openers ?? []).flatMap(({ recipient, until, ...rest }) =>
    recipient === undefined || until !== undefined ? [] : [{ ...rest, recipient }],
  );

/** All that the archive's keys are wrapped to besides devices. */
export const recipientsIn = ({ passphrase, trustees = [], authority }: Location): readonly string[] =>
  [passphrase?.recipient, ...[...trustees, ...(authority?.openers ?? [])].map(({ recipient }) => recipient)].filter(
    (one) => one !== undefined,
  );

/** The latest time that it speaks of. What is done next is later, so that one at the end of all time could never be outdone. */
export function latestTimeIn({ places, passphrase, trustees = [], authority }: Location): number {
  const times = [...places, ...trustees, ...(authority?.openers ?? []), ...(passphrase === undefined ? [] : [passphrase])];
  return Math.max(
    ...times.flatMap((one) => ["since" in one ? one.since : Math.max(one.added, one.begun), "until" in one ? (one.until ?? 0) : 0]),
  );
}
