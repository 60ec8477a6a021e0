/** What a person sees who is a trustee of others: as JSON, in the scripting contract's shape, and as words. */
import type { RecoveryCase, Trusteeship } from "@photon/engine";
import type { JsonObject } from "./output/json.ts";
import { named, shown } from "./output/shown.ts";
import { instant, localTime, plural } from "./output/time.ts";

export const caseJson = (one: RecoveryCase): JsonObject => ({
  request: one.request,
  device: one.device,
  state: one.state,
  approvals: one.approvals,
  needed: one.needed,
  until: one.until === undefined ? null : instant(one.until),
  contested: one.contested,
  pressed: one.pressed,
  rivals: one.rivals,
  approvedByMe: one.approvedByMe,
  ...(one.answer === undefined ? {} : { answer: one.answer }),
  warnings: one.warnings,
});

export const trusteeshipJson = (one: Trusteeship): JsonObject => ({
  petname: one.petname,
  state: one.state,
  since: instant(one.since),
  ...(one.askedAgain === undefined ? {} : { askedAgain: instant(one.askedAgain) }),
  hint: one.hint,
  threshold: one.threshold ?? null,
  delayHours: one.delayHours,
  cases: one.cases.map(caseJson),
});

export const trusteeshipWords = {
  asked: "they ask you to be",
  accepted: "you are; your share is on its way",
  holding: "you are, and hold a share",
  refused: "you refused",
  lost: "you were; the share is lost here",
} as const satisfies Record<Trusteeship["state"], string>;

/** A request as people name it: the first characters of its digest. */
export const requestName = (request: string): string => shown(request.slice(0, 8));

export const isOpen = ({ state }: RecoveryCase): boolean => state !== "expired" && state !== "signed";

function caseState({ state, approvals, needed, until }: RecoveryCase, now: number): string {
  switch (state) {
    case "collecting":
      return `${approvals} of ${needed} needed have approved`;
    case "waiting":
      return `enough have approved; nothing is given out before ${until === undefined ? "the delay is over" : localTime(until, now)}`;
    case "ready":
      return "the delay is over; what you hold goes out with the next sync";
    case "released":
      return "your share is on its way to the new device";
    case "signed":
      return "done; your part is given";
    case "expired":
      return "over; nobody finished it in time";
  }
}

/** One line: which device asks, and how far it is. */
export function caseLine(one: RecoveryCase, now: number): string {
  const marks = [
    one.approvedByMe ? "you have approved it" : "",
    one.contested ? "contested" : "",
    one.rivals === 0 ? "" : `${plural(one.rivals, "other request")} in the same name`,
    one.pressed ? "a trustee is being pressed" : "",
  ].filter((mark) => mark !== "");
  return `${requestName(one.request)}  from a device that calls itself ${named(one.device)}: ${caseState(one, now)}${marks.length === 0 ? "" : ` [${marks.join("; ")}]`}`;
}

/** The line, and what the trustee should know, indented below it. */
export const caseText = (one: RecoveryCase, now: number): string =>
  [caseLine(one, now), ...one.warnings.map((warning) => `  ${shown(warning, { limit: 400 })}`)].join("\n");

/** What somebody agrees to who becomes a trustee. */
export const trusteeDuties = (who: string): string =>
  [
    `If ${who} loses every device, ${who} reaches you, or you reach ${who}, and speaks twelve words. You make sure that it is really ${who}, and type the words. When enough trustees have done that, and a delay has passed, a new device has everything back.`,
    `Until then you hold a share that shows you nothing and can do nothing by itself. You are not told who the other trustees are. Enough trustees together could act as ${who}: so approve nobody whom you did not recognise yourself, however urgent it is.`,
    "Your part is to keep a device of yours in use, and to be reachable without Photon. You can say no, now and later.",
  ].join("\n");

/** Before a code is typed. */
export const beforeApproving = (who: string): string =>
  [
    `First reach ${who} yourself, on a channel that you already had: meet, or call a number that you have long known. Not the number, the link or the account that a message gave you.`,
    `A scam looks like this: it is urgent; you are to tell nobody; you must not call back; a new number, a bad line, no picture; somebody speaks for ${who}, or says that the police or a support desk sent them. A voice and a face can be imitated: ask what only ${who} knows from the two of you.`,
    "If you are not sure, do nothing: nobody learns that you hesitate.",
  ].join("\n");
