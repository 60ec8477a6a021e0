/** What one trustee holds: a share of each of three secrets, at one random index. See spec/11-trustees.md. */
import { type SchemaType, struct } from "../codec/index.ts";
import { scalarSchema } from "./scalars.ts";

export const sharesSchema = struct({
  /** Where the polynomials were taken. Random, so that nobody can count or name the other trustees by it. */
  index: [1, scalarSchema],
  /** Of the key for recoveries that nobody contests. */
  uncontested: [2, scalarSchema],
  /** Of the key for contested ones. */
  contested: [3, scalarSchema],
  /** Of the opener's secret … */
  opener: [4, scalarSchema],
  /** … and of what blinds the commitments to it. */
  openerBlinding: [5, scalarSchema],
});
/** Secret. Replicates in the trustee's circle, and is never part of an archive. */
export type Shares = SchemaType<typeof sharesSchema>;

export const openerShareSchema = struct({
  index: [1, scalarSchema],
  opener: [2, scalarSchema],
  openerBlinding: [3, scalarSchema],
});
/** What a trustee releases once the delay has ended. Secret; for the new device alone. */
export type OpenerShare = SchemaType<typeof openerShareSchema>;
