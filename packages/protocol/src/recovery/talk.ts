/**
 * What an owner and a trustee say to each other in their own relationship: contents whose kind begins with `trustee-`. See
 * spec/12-recovery.md.
 *
 * | kind               | from    | says                                                                          |
 * | ------------------ | ------- | ----------------------------------------------------------------------------- |
 * | `trustee-ask`      | owner   | will you be a trustee of mine; or, once a year: are you still willing         |
 * | `trustee-answer`   | trustee | yes, or no                                                                    |
 * | `trustee-packet`   | owner   | the packet, sealed once more to the trustee's leaves                          |
 * | `trustee-held`     | trustee | the shares of this packet are good, and kept                                  |
 * | `trustee-proof`    | trustee | proof, for this month, that the shares are still held                         |
 * | `trustee-lost`     | trustee | I no longer have what you gave me                                             |
 * | `trustee-approved` | trustee | I have approved a recovery in your name: object if that is not you            |
 * | `trustee-contest`  | owner   | that recovery is not me, or I am still here                                   |
 * | `trustee-dismiss`  | owner   | this plan is over: forget what I gave you                                     |
 */
import {
  boolean,
  bytes,
  type Bytes,
  decode,
  type DecodeError,
  encode,
  type Result,
  type Schema,
  type SchemaType,
  struct,
  text,
  uint,
} from "../codec/index.ts";
import { maxContentBody } from "../queue/index.ts";
import { maxDelayHours } from "./plan.ts";

const name = { plan: [1, bytes(32)], version: [2, uint({ max: 0xffff_ffff })] } as const;

export const talkSchemas = {
  "trustee-ask": struct({ ...name, delayHours: [3, uint({ max: maxDelayHours })], again: [4, boolean] }),
  "trustee-answer": struct({ ...name, accepts: [3, boolean] }),
  "trustee-packet": struct({ ...name, sealed: [3, bytes({ min: 1, max: 48 * 1024 })] }),
  "trustee-held": struct({ ...name, packet: [3, bytes(32)] }),
  "trustee-proof": struct({ ...name, month: [3, uint({ max: 100_000 })], proof: [4, bytes({ min: 1, max: 1024 })] }),
  "trustee-lost": struct(name),
  "trustee-approved": struct({ ...name, request: [3, bytes(32)], device: [4, text(64)], level: [5, uint({ max: 1 })] }),
  /** The very entry of the plan queue: a trustee can lay it there for the others, and none can make one up. */
  "trustee-contest": struct({ ...name, entry: [3, bytes({ min: 1, max: 4096 })] }),
  "trustee-dismiss": struct(name),
} as const;
export type TalkKind = keyof typeof talkSchemas;
export type Talk = { readonly [K in TalkKind]: SchemaType<(typeof talkSchemas)[K]> };

export const isTalk = (kind: string): kind is TalkKind => Object.hasOwn(talkSchemas, kind);

export const encodeTalk = <K extends TalkKind>(kind: K, value: Talk[K]): Bytes =>
  encode(talkSchemas[kind] as unknown as Schema<Talk[K]>, value);
export const decodeTalk = <K extends TalkKind>(kind: K, body: Uint8Array): Result<Talk[K], DecodeError> =>
  decode(talkSchemas[kind] as unknown as Schema<Talk[K]>, body, maxContentBody);

/** The number of a month of thirty days, which a proof of holding is for. */
export const monthOf = (time: number): number => Math.floor(time / (30 * 24 * 3_600_000));
