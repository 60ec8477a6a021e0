/** Messages as JSON, in the scripting contract's shape, and as lines that no sender can make look like another's. */
import type { MessageState, ShownMessage } from "@photon/engine";
import type { JsonObject } from "./output/json.ts";
import { shown } from "./output/shown.ts";
import { instant, localTime } from "./output/time.ts";

/** More than any message that Photon sends; what is longer is cut, and says so. */
const longestShown = 40_000;

export const messageJson = (message: ShownMessage): JsonObject => ({
  id: message.id,
  from: message.from,
  body: message.body,
  sent: instant(message.sent),
  state: message.state,
  ...(message.kind === "text" ? {} : { kind: message.kind }),
  ...(message.quarantined ? { quarantined: true } : {}),
  ...(message.unconfirmed ? { unconfirmed: true } : {}),
});

export const messageStateWords: Readonly<Record<MessageState, string>> = {
  queued: "waits here",
  deposited: "at their relay",
  delivered: "delivered",
  received: "",
};

/** The time, who, and the text; further lines are indented below the first, so that no line can pass for a new message. */
export function messageText(message: ShownMessage, peer: string, now: number): string {
  const who = message.from === "me" ? "you" : shown(peer, { limit: 64 });
  const notes = [
    message.quarantined ? "from a device that no longer counts" : "",
    message.unconfirmed ? "from a recovered side that nobody has confirmed" : "",
    message.from === "me" ? messageStateWords[message.state] : "",
  ].filter((note) => note !== "");
  const head = `${localTime(message.sent, now)}  ${who}: `;
  const body =
    message.kind === "text" ? shown(message.body, { lines: "many", limit: longestShown }) : "(from a newer version of Photon)";
  const indented = body.split("\n").join(`\n    `);
  return `${head}${indented}${notes.length === 0 ? "" : `  [${notes.join("; ")}]`}`;
}
