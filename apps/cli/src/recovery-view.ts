/** A recovery in this person's own name, as the new device and as an old one see it: as JSON and as words. */
import type { RecoveryNotice, RecoveryProgress } from "@photon/engine";
import type { JsonObject } from "./output/json.ts";
import { named, shown } from "./output/shown.ts";
import { instant, localDate, localTime, plural } from "./output/time.ts";
import { requestName } from "./trustee-view.ts";
import type { RecoveringStep } from "./world.ts";

/** A step of which the new device knows no more than this. */
export type OpenStep = Extract<RecoveringStep, { readonly state: "collecting" | "waiting" }>;

export const stepJson = (step: OpenStep): JsonObject => ({
  state: step.state,
  approvals: step.approvals,
  heard: step.heard,
  needed: step.needed ?? null,
  hint: step.hint ?? null,
  until: step.until === undefined ? null : instant(step.until),
  contested: step.contested,
  shares: step.shares,
  warnings: step.warnings,
});

/** How far the new device is, a sentence or two a line. */
export function stepWords(step: OpenStep, now: number): string {
  const { state, approvals, heard, needed, hint, until, contested, shares, warnings } = step;
  const have =
    needed === undefined
      ? "No trustee has approved yet."
      : state === "collecting"
        ? `${approvals} of ${plural(needed, "trustee")} needed ${approvals === 1 ? "has" : "have"} approved.`
        : `Enough trustees have approved. The delay runs${until === undefined ? "" : `: nothing is given out before ${localTime(until, now)}`}. ${plural(shares, "share")} of ${needed} ${shares === 1 ? "is" : "are"} here.`;
  return [
    have,
    approvals > 0 && heard === 0
      ? "You have not typed the three words of anybody who approved (`photon recover heard`): so these are answers, and whose they are is not sure."
      : "",
    contested
      ? "It is contested: a device that you had before objects, or whoever has it. Your trustees have to hear from you once more, and more of them have to approve; after that a week passes."
      : "",
    hint === undefined || hint === "" ? "" : `What you wrote for this day: ${shown(hint, { limit: 200 })}`,
    ...warnings.map((warning) => shown(warning, { limit: 400 })),
  ]
    .filter((line) => line !== "")
    .join("\n");
}

export const stepNext = ({ state }: OpenStep): string =>
  state === "collecting"
    ? "`photon recover trustees` shows the code again: speak it to your trustees, in person or on a call."
    : "nothing but to wait: `photon recover trustees --wait` stays, `photon sync` looks again.";

/** @param progress undefined where the engine has none to tell. */
export const recoveredJson = (progress: RecoveryProgress | undefined): JsonObject => ({
  state: "recovered",
  ...(progress === undefined
    ? {}
    : {
        phase: progress.phase,
        contested: progress.contested,
        relationships: progress.relationships,
        succeeded: progress.succeeded,
        acknowledged: progress.acknowledged,
        signers: progress.signers,
        needed: progress.needed,
        ...(progress.spoken === undefined ? {} : { spoken: progress.spoken }),
        blamed: progress.blamed,
      }),
});

export function progressWords(progress: RecoveryProgress): string {
  const { relationships, acknowledged, signers, needed, blamed } = progress;
  const people = plural(relationships, "relationship");
  const standing =
    progress.spoken !== undefined
      ? `A device of yours from before objects to your recovery. Call your trustees once more: ${needed} of them have to approve it again, and they sign a week later. Each has to hear:\n  ${shown(progress.spoken)}`
      : progress.phase === "signing" && progress.succeeded > 0
        ? `Your trustees sign once more, as a device from before objects: ${signers} of ${needed} have.`
        : progress.phase === "signing"
          ? `Your trustees sign for this device: ${signers} of ${needed} have. Until then you can read everything here; the people you know cannot see yet that you are back.`
          : isBack(progress)
            ? `You are back in ${people}, and all have taken this device.`
            : `You are back in ${people}; ${acknowledged} of the people you know ${acknowledged === 1 ? "has" : "have"} taken this device so far. They see that trustees brought you back, and that it is unconfirmed until they have made sure, or the delay has passed.`;
  return [
    standing,
    blamed.length === 0
      ? ""
      : `${blamed.map(named).join(", ")} gave something that does not fit; it was left out. Ask them about it, and choose somebody else: \`photon plan trustees replace\`.`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** Whether nobody is waited for any more. */
export const isBack = ({ phase, relationships, acknowledged }: RecoveryProgress): boolean =>
  phase === "done" && acknowledged >= relationships;

export const progressNext = ({ phase, spoken }: RecoveryProgress): string =>
  spoken !== undefined
    ? "`photon sync` goes on with it once they have approved it: `photon trustee approve` on their devices."
    : phase === "signing"
      ? "`photon sync` goes on with it as your trustees' devices answer."
      : "`photon contacts` lists everyone; speak with those who matter, so that they confirm you.";

export const noticeJson = (notice: RecoveryNotice): JsonObject => ({
  request: notice.request,
  device: notice.device,
  approvedBy: notice.approvedBy,
  firstSeen: instant(notice.firstSeen),
  contested: notice.contested,
  arrivedFrom: notice.arrivedFrom,
});

/** Which device, since when, and who knows of it; indented. */
export function noticeLine({ request, device, approvedBy, firstSeen, contested, arrivedFrom }: RecoveryNotice): string {
  const on = device === "" ? "on a device of which no more is known" : `on a device that calls itself ${named(device)}`;
  const since = firstSeen === 0 ? "" : `, since ${localDate(firstSeen)}`;
  const by = approvedBy.length === 0 ? "" : `; approved by ${approvedBy.map(named).join(", ")}`;
  const from =
    arrivedFrom.length === 0 ? "" : `; ${arrivedFrom.map(named).join(", ")} ${arrivedFrom.length === 1 ? "has" : "have"} been told`;
  return `  ${requestName(request)}  ${on}${since}${by}${from}${contested ? " [contested]" : ""}`;
}

/** For the top of what a command says; "" where nobody recovers. */
export function noticesWords(notices: readonly RecoveryNotice[]): string {
  if (notices.length === 0) return "";
  const open = notices.some(({ contested }) => !contested);
  return [
    "Somebody recovers in your name:",
    ...notices.map(noticeLine),
    open
      ? "If that is not you, object with `photon contest`: then more of your trustees have to approve, and a week longer passes. Call them, too."
      : "You have objected. Call your trustees, and tell them that it is not you: enough of them could still approve it.",
  ].join("\n");
}

export const noticesNext = (notices: readonly RecoveryNotice[]): string | undefined =>
  notices.some(({ contested }) => !contested) ? "`photon contest` if that is not you." : undefined;

/** The request that its first characters name; what was typed, if they name none or several. */
export function requestNamed(notices: readonly RecoveryNotice[], typed: string): string {
  const fits = notices.filter(({ request }) => request.startsWith(typed.toLowerCase()));
  return fits.length === 1 ? (fits[0]?.request ?? typed) : typed;
}
