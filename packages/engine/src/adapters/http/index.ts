/** Relays and vaults over HTTP and WebSocket, for Node and browsers alike. */
export { httpBlobStore } from "./blob-store.ts";
export type { HttpOptions } from "./request.ts";
export { makeSilence, type Silence } from "./silence.ts";
export type { OpenSocket, Socket } from "./socket.ts";
export { httpTransport, type HttpTransportOptions } from "./transport.ts";
