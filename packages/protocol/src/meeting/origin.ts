/**
 * Origins of relays as people write them. Without a scheme a loopback host means http, any other https; plain http to
 * anywhere else is refused. See spec/06-meeting.md.
 */

/** As `inbox.relay` bounds it. */
const maxOrigin = 256;

/** The canonical origin, such as "https://relay.example:8443", of an origin or a bare host; undefined for anything else. */
export function parseOrigin(written: string): string | undefined {
  if (written.length > maxOrigin || !/^[^\s/?#@\\]+$|^https?:\/\/[^\s/?#@\\]+\/?$/iu.test(written)) return undefined;
  const scheme = /^https?:\/\//iu.test(written) ? "" : isLoopback(hostOf(`https://${written}`)) ? "http://" : "https://";
  const url = parseUrl(scheme + written);
  if (url === undefined || (url.protocol === "http:" && !isLoopback(url.hostname))) return undefined;
  return url.origin.length <= maxOrigin ? url.origin : undefined;
}

/** The shortest way to write an origin that `parseOrigin` reads back as the same. */
export function shortOrigin(origin: string): string {
  const bare = origin.replace(/^https?:\/\//u, "");
  return parseOrigin(bare) === origin ? bare : origin;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/u.test(host);
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
const hostOf = (text: string): string => parseUrl(text)?.hostname ?? "";
