/** A plan with trustees as JSON and as words: what was chosen, what that means, and who could act as the person. */
import type { PlanStatus, TrusteeMember } from "@photon/engine";
import type { JsonObject } from "./output/json.ts";
import { shown } from "./output/shown.ts";
import { instant, localDate, plural } from "./output/time.ts";
import { padTo, width } from "./output/width.ts";

export const planJson = (plan: PlanStatus): JsonObject => ({
  version: plan.version,
  threshold: plan.threshold,
  contested: plan.contested,
  delayHours: plan.delayHours,
  hint: plan.hint,
  operators: plan.operators,
  members: plan.members.map(({ petname, state, since }) => ({ petname, state, since: instant(since) })),
  protected: plan.protected,
  announced: plan.announced,
  inForce: plan.inForce,
  relationships: plan.relationships,
  alarms: plan.alarms,
});

export const memberWords = {
  asked: "was asked, and has not answered",
  accepted: "has accepted; the share is on its way",
  refused: "has refused",
  sent: "has accepted; the share is on its way",
  holding: "holds a share",
  stale: "has not shown for 45 days that they hold their share",
  lost: "has lost the share, or not shown for 90 days that they hold it",
} as const satisfies Record<TrusteeMember["state"], string>;

export const delayWords = (hours: number): string =>
  hours === 0 ? "none" : hours % 24 === 0 && hours > 48 ? plural(hours / 24, "day") : plural(hours, "hour");

export function planText(plan: PlanStatus): string {
  const names = plan.members.map(({ petname }) => shown(petname, { limit: 40 }));
  const column = Math.max(0, ...names.map(width));
  const members = plan.members.map(
    ({ state, since }, at) =>
      `${at === 0 ? "trustees" : "        "}      ${padTo(names[at] ?? "", column)}  ${memberWords[state]} (${localDate(since)})`,
  );
  const force =
    plan.relationships === 0
      ? "you know nobody yet"
      : `${plan.inForce} of ${plural(plan.relationships, "person", "people")} you know; ${plan.announced} have heard of it`;
  return [
    ...members,
    `it takes      ${plan.threshold} of ${plan.members.length}; ${plan.contested} if one of your old devices objects`,
    `delay         ${delayWords(plan.delayHours)}`,
    `hint          ${plan.hint === "" ? "(none)" : shown(plan.hint, { limit: 200 })}`,
    `kept at       ${plan.operators.map((origin) => shown(origin, { limit: 200 })).join(", ")}`,
    `in force for  ${force}`,
    `version       ${plan.version}`,
  ].join("\n");
}

/** Whether it protects, who could act as the person, and what needs their attention: a sentence or two each. */
export const planMeaning = (plan: PlanStatus): readonly string[] => [
  ...new Set([
    ...protection(plan),
    ...maturing(plan),
    whoCouldBeYou(plan),
    ...plan.alarms.map((alarm) => shown(alarm, { limit: 400 })),
  ]),
];

function protection({ members, protected: isProtected }: PlanStatus): string[] {
  const holding = members.filter(({ state }) => state === "holding").length;
  if (isProtected) return [`Protected: ${holding} of ${members.length} trustees hold their share.`];
  const accepted = members.filter(({ state }) => state !== "asked" && state !== "refused").length;
  return [
    `${accepted} of ${members.length} have accepted: not protected.`,
    ...(accepted === members.length ? ["It protects you once all of them hold their share; the shares come by themselves."] : []),
  ];
}

/** Whom it does not reach yet. */
function maturing({ protected: isProtected, relationships, inForce }: PlanStatus): string[] {
  const left = relationships - inForce;
  if (!isProtected || left <= 0) return [];
  return [
    `With ${plural(left, "person", "people")} it is not in force yet, but 14 days after they heard of it, or 28 if it replaces another plan: a recovery before that counts with them only then.`,
  ];
}

/** What is worth a second thought before anybody is asked. */
export function choiceMeaning({ threshold, delayHours }: { readonly threshold: number; readonly delayHours: number }): string[] {
  return [
    ...(delayHours === 0
      ? [
          `A delay of 0 means: whoever brings together ${threshold === 1 ? "one trustee" : `${threshold} trustees`} is you at once, before you can object.`,
        ]
      : []),
    ...(threshold === 1
      ? ["A threshold of 1 means: any one trustee alone, or whoever deceives or robs one, can begin to act as you."]
      : []),
  ];
}

function whoCouldBeYou({ threshold, contested, delayHours, members }: PlanStatus): string {
  const who = threshold === 1 ? `any one of these ${members.length} alone` : `any ${threshold} of these ${members.length} together`;
  const when =
    delayHours === 0
      ? "at once, before you can object, though everyone you know sees it"
      : `in the open: not before ${delayWords(delayHours)} have passed, and everyone you know sees it and counts as long once more`;
  const objection =
    delayHours === 0 ? "" : ` If one of your devices objects before that, it takes ${contested} of them, and a week.`;
  return `Who could act as you: ${who}, ${when}.${objection} The same, with the vault, could read your backup without anybody seeing it.`;
}
