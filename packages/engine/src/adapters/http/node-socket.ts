/** WebSockets for Node, which has none of its own before version 22. Kept apart, so that a browser build imports nothing of it. */
import { WebSocket } from "ws";
import type { OpenSocket, Socket } from "./socket.ts";

const handshakeMilliseconds = 20_000;

export const nodeSocket: OpenSocket = (url) => {
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: handshakeMilliseconds });
  socket.binaryType = "arraybuffer";
  return socket as unknown as Socket;
};
