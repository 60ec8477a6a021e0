/**
 * What came out of an exported file. A file has no keys, so what it tells of cannot go on: it is kept as a relationship
 * that is closed, with its history and its messages, under an id derived from its petname and its place among those of
 * the same petname. So the same file imported twice, or on two devices, is the same relationship.
 */
import { list, oneOf, optional, type SchemaType, struct, text, toHex, uint, utf8, concat, sha256 } from "@photon/protocol/codec";
import { getRecord } from "../relationship/records.ts";
import { verifiedHow } from "../relationship/verified.ts";
import type { Work } from "../storage/core.ts";

export const sides = { me: 0, peer: 1 } as const;

const importedGrades = { unproven: 0, continuous: 1, "by-trustees": 2 } as const;
const changeSchema = struct({
  at: [1, uint()],
  side: [2, oneOf(sides)],
  kind: [3, text(512)],
  grade: [4, oneOf(importedGrades)],
  words: [5, text(512)],
});

/** `rel/<id>/imported`; beside the record, the petname and the mark that it is closed. */
export const importedSchema = struct({
  /** As the file said: what it was when it was exported. */
  state: [1, text(512)],
  custody: [2, text(512)],
  history: [3, list(changeSchema, { max: 10_000 })],
  verified: [4, optional(struct({ how: [1, oneOf(verifiedHow)], at: [2, uint()] }))],
  note: [5, optional(text(16_000))],
  /** The petname in the file, where another contact has it here. */
  petname: [6, optional(text(64))],
});
export type ImportedRecord = SchemaType<typeof importedSchema>;

/** Bytes that the record may have, so that it fits a change. */
export const maxImported = 120 * 1024;

export const importedKey = (id: string): string => `rel/${id}/imported`;

/** Undefined for a relationship that was not imported. */
export const importedRecord = (work: Work, id: string): Promise<ImportedRecord | undefined> =>
  getRecord(work, importedKey(id), importedSchema);

/** @param nth among those of one file that have this petname, from 0. */
export const importedId = (petname: string, nth: number): string =>
  toHex(derived("relationship", `${petname}\n${nth}`).slice(0, 16));

/** 32 bytes that stand where a relationship with keys has an id: nobody has the key to them. */
export const derived = (what: string, of: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(sha256(concat(utf8(`photon/import/1/${what}\n`), utf8(of))));
