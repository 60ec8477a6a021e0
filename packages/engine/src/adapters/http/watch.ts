/**
 * A watch of queues at one relay: hints only, over a connection that carries nothing else. Appends do not go over it, although the
 * relay would take them: a connection that proved it may read an inbox would tell whom its owner writes to.
 */
import { asBytes, decode, encode } from "@photon/protocol/codec";
import {
  type ClientFrame,
  clientFrameSchema,
  maxReadQueues,
  maxRelayFrame,
  relayFrameSchema,
  type RelayRequestOf,
  watchPath,
} from "@photon/protocol/queue";
import type { Watch } from "../../ports/index.ts";
import { serverUrl } from "./request.ts";
import type { OpenSocket, Socket } from "./socket.ts";

/** Silence after which the relay is asked if it is there; after another such time without an answer the watch ends. */
const pulseMilliseconds = 30_000;

export function openWatch(open: OpenSocket | undefined, relay: string, reads: RelayRequestOf<"read">, onHint: () => void): Watch {
  const socket = tryOpen(open, relay);
  if (socket === undefined) return { ended: Promise.resolve(), close: () => undefined };
  let heard = true;
  let asked = false;
  let established = false;
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const end = (): void => {
    clearInterval(pulse);
    socket.onmessage = null;
    socket.close();
    finish();
  };
  const send = (frame: ClientFrame): void => socket.send(encode(clientFrameSchema, frame));
  const trySend = (): boolean => {
    try {
      send({ kind: "ping", value: { ref: 0 } });
      return true;
    } catch {
      return false;
    }
  };
  // Also ends a connection that was never established.
  const pulse = setInterval(() => {
    if (heard) {
      heard = false;
      asked = false;
    } else if (asked) end();
    else {
      asked = true;
      if (!established || !trySend()) end();
    }
  }, pulseMilliseconds);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    established = true;
    for (let at = 0; at < reads.length; at += maxReadQueues) {
      send({ kind: "watch", value: { push: false, reads: reads.slice(at, at + maxReadQueues) } });
    }
  };
  socket.onmessage = ({ data }) => {
    heard = true;
    const frame = data instanceof ArrayBuffer ? decode(relayFrameSchema, asBytes(new Uint8Array(data)), maxRelayFrame) : undefined;
    if (frame === undefined || !frame.ok) return end();
    switch (frame.value.kind) {
      case "hint":
        return onHint();
      case "watching":
        // A queue that may not be watched is worth a look: reading says why.
        if (frame.value.value.some((part) => part.kind === "refused")) onHint();
        return;
      case "ended":
        // Its keys were rotated: whoever watches again does so with the new ones.
        onHint();
        return end();
      case "refused":
        return end();
      case "pong":
      case "entries":
      case "responses":
        return;
    }
  };
  socket.onclose = end;
  socket.onerror = end;
  return { ended, close: end };
}

function tryOpen(open: OpenSocket | undefined, relay: string): Socket | undefined {
  const url = serverUrl(relay, watchPath);
  if (url === undefined || open === undefined) return undefined;
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  try {
    return open(url.href);
  } catch {
    return undefined;
  }
}
