/** The part of the browser's WebSocket that a watch needs; `ws` has it too. */
export interface Socket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}
/** May throw; the watch then ends. */
export type OpenSocket = (url: string) => Socket;

/** The platform's own, where it has one: browsers, and Node from version 22 on. */
export const platformSocket: OpenSocket | undefined =
  typeof WebSocket === "undefined" ? undefined : (url) => new WebSocket(url) as unknown as Socket;
