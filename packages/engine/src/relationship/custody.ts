import type { Custody } from "@photon/protocol/statement";
import type { KeyStrength } from "../ports/index.ts";

/**
 * A side's custody, computed from where its keys are and from the plan's methods; there is no other way to make one
 * (design, "Custody, told as it is"). So far there are devices and trustees: no escrow, shares or host.
 */
export const computeCustody = (strength: KeyStrength, { trustees }: { readonly trustees: boolean }): Custody => ({
  class: "device",
  strength,
  escrow: false,
  shares: false,
  trustees,
});

/** What peers are shown, such as "device (software) +trustees" or "host(name)". */
export function custodyWords(custody: Custody | undefined): string {
  if (custody === undefined) return "unknown";
  const place = custody.class === "host" ? `host(${custody.host ?? "unnamed"})` : `device (${custody.strength})`;
  const methods = (["escrow", "shares", "trustees"] as const).filter((method) => custody[method]);
  return [place, ...methods.map((method) => `+${method}`)].join(" ");
}
