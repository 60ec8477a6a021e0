/** A server that stands in front of another: it passes requests on, or is something else altogether, as a test demands. */
import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Proxy {
  readonly url: string;
  /** What answers instead of the server behind; undefined passes everything on. */
  instead: ((response: ServerResponse) => void) | undefined;
  /** Milliseconds by which the `Date` header of passed answers is off. */
  clockOff: number;
  close(): Promise<void>;
}

/** Answers as a web page of somebody else's does. */
export const webPage = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>hello</title>\u001B[2J\u202E");
};

/** @param target origin of the server behind. Connections that would become sockets are refused. */
export async function startProxy(target: string): Promise<Proxy> {
  const server: Server = createServer((incoming, response) => {
    if (proxy.instead !== undefined) {
      incoming.resume();
      proxy.instead(response);
      return;
    }
    const { method, headers } = incoming;
    const passed = request(new URL(incoming.url ?? "/", target), { method: method ?? "GET", headers }, (answer) => {
      const date = new Date(Date.now() + proxy.clockOff).toUTCString();
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      answer.pipe(response);
    });
    passed.on("error", () => response.writeHead(502).end());
    incoming.pipe(passed);
  });
  server.on("upgrade", (_incoming, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: Proxy = {
    url: `http://127.0.0.1:${port}`,
    instead: undefined,
    clockOff: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return proxy;
}
