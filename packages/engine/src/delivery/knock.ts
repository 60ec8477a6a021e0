import type { Ports } from "../api.ts";
import type { PhotonError } from "../errors.ts";
import { relayProblem } from "./relay-errors.ts";

/**
 * Why nothing can be begun with a relay; undefined where it answers as one does. Asked before anything is made: a question for a
 * drop that cannot be there.
 */
export async function knock({ transport, random }: Ports, relay: string): Promise<PhotonError | undefined> {
  const answer = await transport.call(relay, "get", { dropId: random.bytes(32) });
  return answer.ok || (answer.error.code === "refused" && answer.error.refusal === "not-found")
    ? undefined
    : relayProblem(relay, answer.error);
}
