/** Addresses of relays and vaults as people type them. */
import { err, ok, type Result } from "@photon/protocol/codec";
import { parseOrigin } from "@photon/protocol/meeting";
import { cliError, type Failure } from "./failure.ts";

/** Where `photon serve` listens unless told otherwise: a relay of one's own, on this machine. */
export const defaultRelay = "http://127.0.0.1:7740";

/**
 * The origin of a server, by the rules of invitations: without a scheme http on this machine and https elsewhere, never http
 * across a network, and nothing after the port.
 */
export function serverOrigin(typed: string, what: "relay" | "vault"): Result<string, Failure> {
  const text = typed.trim().replace(/(?<=[^/])\/$/u, "");
  const origin = parseOrigin(text);
  if (origin !== undefined) return ok(origin);
  return err(
    cliError(
      "usage",
      `the ${what}'s address ${faultOf(text)}`,
      `Give an address such as https://${what}.example, or ${defaultRelay} on this machine.`,
    ),
  );
}

function faultOf(text: string): string {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) return "is not an address";
  const url = new URL(withScheme);
  if (url.protocol === "http:" && url.username === "" && url.pathname === "/")
    return "must begin with https://: without it whoever watches the network sees when you use it, and could answer in its place";
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not hold a name or a password";
  return "must end after its name and port";
}
