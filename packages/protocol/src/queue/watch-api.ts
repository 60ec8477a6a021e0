/**
 * The watch connection: a WebSocket at `/v1/watch` of a relay, one canonical CBOR frame per binary message. It carries hints,
 * pushed entries, and ordinary requests without the cost of HTTP. What it brings is only ever sooner than reading, never more:
 * after any loss the client connects again and resumes from the cursors it holds. See spec/08-relay-and-vault.md.
 *
 * | from the client | what it asks                                               | answered by                          |
 * | --------------- | ---------------------------------------------------------- | ------------------------------------ |
 * | `watch`         | to hear of these queues from these cursors on              | `watching`, then hints or entries    |
 * | `ack`           | that all pushes up to a number are safe with the client    | more pushes, where there are any     |
 * | `requests`      | ordinary relay requests, each under a number of its own    | `responses`, in any order            |
 * | `ping`          | whether the relay is there                                 | `pong`                               |
 *
 * | from the relay | what it says                                                                                  |
 * | -------------- | --------------------------------------------------------------------------------------------- |
 * | `watching`     | for each queue of a `watch`, in order: watched, or refused                                     |
 * | `hint`         | there may be something to read; many appends may be told by one hint                          |
 * | `entries`      | a numbered push; `caughtUp` says that it was all there is. Empty when there was nothing at all |
 * | `ended`        | the queue is no longer watched: its keys were rotated or it was deleted. Prove the right anew  |
 * | `refused`      | a frame that is none of these, or one too many; the relay closes after it                      |
 *
 * A relay pushes no more than it allows unacknowledged (1 MiB unless configured); then it waits for an `ack`.
 */
import { boolean, bytes, list, oneOf, type SchemaType, struct, text, uint, union } from "../codec/index.ts";
import {
  maxBody,
  maxReadEntries,
  maxReadQueues,
  readSchema,
  relayRefusals,
  relayRequestSchema,
  relayResponseSchema,
} from "./relay-api.ts";

export const watchPath = "/v1/watch";
/** The longest frame from a client, in bytes. */
export const maxClientFrame = 1024 * 1024;
/** The longest frame from a relay: one answer of `read`, and what goes round it. */
export const maxRelayFrame = 25 * 1024 * 1024;
export const maxFrameRequests = 64;
export const maxFrameResponses = 1024;
/** Queues that one connection may watch. */
export const maxWatchedQueues = 4096;

const ref = uint({ max: 0xffff_ffff });
const receiveId = bytes(16);

export const clientFrameSchema = union({
  watch: [
    1,
    struct({
      /** Whether entries are pushed; else only hints are. A queue watched anew starts again from the new cursor. */
      push: [1, boolean],
      reads: [2, list(readSchema, { min: 1, max: maxReadQueues })],
    }),
  ],
  ack: [2, struct({ push: [1, uint()] })],
  requests: [3, list(struct({ ref: [1, ref], request: [2, relayRequestSchema] }), { min: 1, max: maxFrameRequests })],
  ping: [4, struct({ ref: [1, ref] })],
});
export type ClientFrame = SchemaType<typeof clientFrameSchema>;

export const relayFrameSchema = union({
  watching: [1, list(union({ watched: [1, struct({})], refused: [2, oneOf(relayRefusals)] }), { min: 1, max: maxReadQueues })],
  hint: [2, struct({ receiveId: [1, receiveId] })],
  entries: [
    3,
    struct({
      /** Counts the pushes of this connection from 1. */
      push: [1, uint()],
      receiveId: [2, receiveId],
      entries: [3, list(struct({ seq: [1, uint()], body: [2, bytes({ min: 1, max: maxBody })] }), { max: maxReadEntries })],
      caughtUp: [4, boolean],
    }),
  ],
  responses: [4, list(struct({ ref: [1, ref], response: [2, relayResponseSchema] }), { min: 1, max: maxFrameResponses })],
  pong: [5, struct({ ref: [1, ref] })],
  ended: [6, struct({ receiveId: [1, receiveId] })],
  refused: [7, struct({ code: [1, oneOf(relayRefusals)], detail: [2, text(200)] })],
});
export type RelayFrame = SchemaType<typeof relayFrameSchema>;
