/** WebSockets: the upgrade, the limits, and the pulse. What a frame means is the role's business. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { AddressLimiter } from "../limits/addresses.ts";
import type { Metrics } from "../metrics/registry.ts";

/** One connection, as the role sees it. */
export interface Connection {
  /** Only for the address limits: never stored, never logged. */
  readonly address: string;
  send(frame: Uint8Array): void;
  /** Bytes that the network has not taken yet. */
  buffered(): number;
  /** Stops and starts reading from the client. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was sent. @param code WebSocket close code (RFC 6455 §7.4). */
  close(code: number): void;
}

export interface FrameHandler {
  frame(frame: Uint8Array): void;
  closed(): void;
}

export interface SocketRole {
  readonly path: string;
  readonly maxFrame: number;
  open(connection: Connection): FrameHandler;
}

export interface SocketOptions {
  readonly roles: readonly SocketRole[];
  readonly addresses: AddressLimiter;
  readonly metrics: Metrics;
  readonly trustProxy: boolean;
  readonly closed: () => boolean;
}

export interface Sockets {
  /** Tells all clients that the server goes away, and resolves when they are gone or were given a moment. */
  close(): Promise<void>;
}

const pulseMilliseconds = 30_000;
const farewellMilliseconds = 2_000;
export const closeCodes = { goingAway: 1001, badFrame: 1002, tooSlow: 1008 } as const;

export function acceptSockets(server: Server, options: SocketOptions): Sockets {
  const { addresses, metrics } = options;
  const accepting = options.roles.map((role) => ({
    role,
    sockets: new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: role.maxFrame, clientTracking: false }),
  }));
  /** Whether each was heard since the last pulse. */
  const open = new Map<WebSocket, boolean>();

  const refuse = (socket: Duplex, status: string): void => {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  };

  const serve = (socket: WebSocket, role: SocketRole, address: string): void => {
    open.set(socket, true);
    metrics.socketOpened();
    const handler = role.open({
      address,
      send: (frame) => socket.send(frame),
      buffered: () => socket.bufferedAmount,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: (code) => socket.close(code),
    });
    socket.on("message", (data, isBinary) => {
      open.set(socket, true);
      if (isBinary) handler.frame(wholeFrame(data));
      else socket.close(closeCodes.badFrame);
    });
    socket.on("pong", () => open.set(socket, true));
    // The close that follows says it all; an error of the network is nobody's fault.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      open.delete(socket);
      addresses.disconnect(address);
      metrics.socketClosed();
      handler.closed();
    });
  };

  server.on("upgrade", (request, stream, head) => {
    stream.on("error", () => stream.destroy());
    const path = (request.url ?? "").split("?")[0];
    const found = accepting.find(({ role }) => role.path === path);
    if (found === undefined) return refuse(stream, "404 Not Found");
    if (options.closed()) return refuse(stream, "503 Service Unavailable");
    const address = addressOf(request, options.trustProxy);
    if (!addresses.connect(address)) {
      metrics.shed("sockets");
      return refuse(stream, "429 Too Many Requests");
    }
    let accepted = false;
    // A handshake that fails gives the place back.
    stream.once("close", () => {
      if (!accepted) addresses.disconnect(address);
    });
    found.sockets.handleUpgrade(request, stream, head, (socket) => {
      accepted = true;
      serve(socket, found.role, address);
    });
  });

  const pulse = setInterval(() => {
    for (const [socket, heard] of open) {
      if (!heard) {
        socket.terminate();
        continue;
      }
      open.set(socket, false);
      socket.ping();
    }
  }, pulseMilliseconds);
  pulse.unref();

  return {
    close: async () => {
      clearInterval(pulse);
      const leaving = [...open.keys()].map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.once("close", () => resolve());
            socket.close(closeCodes.goingAway);
          }),
      );
      const moment = setTimeout(() => {
        for (const socket of open.keys()) socket.terminate();
      }, farewellMilliseconds);
      await Promise.all(leaving);
      clearTimeout(moment);
    },
  };
}

function wholeFrame(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = request.headers["x-forwarded-for"];
  const first = Array.isArray(forwarded) ? forwarded[0] : forwarded;
  if (trustProxy && first !== undefined) return first.split(",")[0]?.trim() ?? "";
  return request.socket.remoteAddress ?? "";
}
