/**
 * A WebSocket connection for load (RFC 6455): what it sends is masked and framed before the clock starts, and what it receives is cut into
 * messages and no more. With two processors, a generator that does as much as a client would measure itself.
 */
import { request } from "node:http";
import type { Socket } from "node:net";
import { random } from "./client.ts";

export interface RawConnection {
  /** Frames of `framed`. */
  send(frames: readonly Buffer[]): void;
  end(): void;
}

/** A binary message as a client sends it, in one frame. */
export function framed(message: Uint8Array): Buffer {
  const isLong = message.length > 0xffff;
  const start = isLong ? 14 : 8;
  const frame = Buffer.alloc(start + message.length);
  frame[0] = 0x82;
  frame[1] = 0x80 | (isLong ? 127 : 126);
  if (isLong) frame.writeBigUInt64BE(BigInt(message.length), 2);
  else frame.writeUInt16BE(message.length, 2);
  const mask = random(4);
  frame.set(mask, start - 4);
  for (let at = 0; at < message.length; at++) frame[start + at] = (message[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return frame;
}

/** @param onMessage called with each binary message. */
export function rawConnection(url: string, onMessage: (message: Buffer) => void): Promise<RawConnection> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.from(random(16)).toString("base64"),
  };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/watch`, { headers });
    asked.on("error", reject);
    asked.on("upgrade", (_, socket: Socket, head: Buffer) => {
      socket.setNoDelay(true);
      socket.on("error", reject);
      const take = messageReader(onMessage);
      take(head);
      socket.on("data", take);
      resolve({
        send: (frames) => {
          socket.cork();
          for (const frame of frames) socket.write(frame);
          socket.uncork();
        },
        end: () => socket.destroy(),
      });
    });
    asked.end();
  });
}

/** Cuts what a server sends into its messages. @throws on what is no whole binary message, or a ping. */
function messageReader(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const start = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
      if (start > bytes.length) break;
      const length = short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short;
      if (start + length > bytes.length) break;
      if (bytes[at] === 0x82) onMessage(bytes.subarray(start, start + length));
      else if (bytes[at] !== 0x89) throw new Error(`the server sent a frame of kind ${bytes[at]}`);
      at = start + length;
    }
    rest = bytes.subarray(at);
  };
}
