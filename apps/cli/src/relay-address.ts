/** Addresses of relays and vaults as people type them. */
import { err, ok, type Result } from "@photon/protocol/codec";
import { cliError, type Failure } from "./failure.ts";

/** Where `photon serve` listens unless told otherwise: a relay of one's own, on this machine. */
export const defaultRelay = "http://127.0.0.1:7740";

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u;

/** The origin of a server: `https://` unless said otherwise, nothing after the port. */
export function serverOrigin(typed: string, what: "relay" | "vault"): Result<string, Failure> {
  const bad = (why: string): Result<string, Failure> =>
    err(cliError("usage", `the ${what}'s address ${why}`, `Give an address such as https://${what}.example or ${defaultRelay}.`));
  const text = typed.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) return bad("is not an address");
  const url = new URL(withScheme);
  if (url.protocol !== "https:" && url.protocol !== "http:") return bad("must begin with https:// or http://");
  if (url.username !== "" || url.password !== "") return bad("must not hold a name or a password");
  if (url.search !== "" || url.hash !== "" || url.pathname !== "/") return bad("must end after its name and port");
  return ok(url.origin);
}

/** True if what is sent there crosses a network without TLS. */
export const isInTheClear = (origin: string): boolean => {
  const url = new URL(origin);
  return url.protocol === "http:" && !loopback.test(url.hostname) && !url.hostname.endsWith(".onion");
};
