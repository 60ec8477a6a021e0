/** A folder in which a recovery by trustees is begun and gone on with, over a fake engine. */
import type { Engine, PhotonError } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import type { OpenStep } from "../../src/recovery-view.ts";
import type { OpenProfile, ProfileHome, RecoveringProfile } from "../../src/world.ts";

type FakeStep =
  | OpenStep
  | PhotonError
  | { readonly state: "restoring"; readonly progress: number }
  | { readonly state: "recovered"; readonly problems: readonly PhotonError[] };

export const collecting = (parts: Partial<OpenStep> = {}): OpenStep => ({
  state: "collecting",
  approvals: 0,
  needed: undefined,
  hint: undefined,
  until: undefined,
  contested: false,
  shares: 0,
  heard: 0,
  warnings: [],
  ...parts,
});

/**
 * @param steps one for each poll; the last one repeats.
 * @param found what is in the folder at first.
 */
export function fakeRecovery(engine: () => Engine, steps: readonly FakeStep[], found: "nothing" | "recovery" | "over" = "nothing") {
  const left = [...steps];
  const calls: string[] = [];
  let here: "nothing" | "recovery" | "over" | "profile" = found;
  const profile = (): OpenProfile => ({
    engine: engine(),
    isWanted: () => false,
    unlock: () => undefined,
    close: async () => undefined,
  });
  const recovering = (): RecoveringProfile => {
    calls.push("lock");
    return {
      request: "https://relay.example/r#abc",
      spoken: "relay.example one two",
      script: ["It is me. I have lost all my devices.", "Please type the words that I say."],
      isOver: here === "over",
      heard: async (words) => {
        calls.push(`heard ${words}`);
        return ok(words === "river candle orbit");
      },
      poll: async () => {
        calls.push("poll");
        if (here === "over") return err(photonError("request-expired"));
        const step = left.length > 1 ? left.shift() : left[0];
        if (step === undefined) throw new Error("a poll without a step");
        if ("exit" in step) return err(step);
        if (step.state !== "recovered") return ok(step);
        here = "profile";
        return ok({ state: "recovered", profile: profile(), problems: step.problems });
      },
      close: async () => {
        calls.push("unlock");
      },
    };
  };
  const home: Partial<ProfileHome> = {
    present: () => here !== "nothing",
    open: async () => {
      if (here === "profile") return ok(profile());
      return err(photonError(here === "recovery" || here === "over" ? "recovery-waiting" : "no-profile"));
    },
    recover: async ({ device, relay }) => {
      if (here === "profile") return err(photonError("profile-exists"));
      calls.push(`recover ${device} ${relay}`);
      here = "recovery";
      return ok(recovering());
    },
    resume: async () => ok(here === "recovery" || here === "over" ? recovering() : undefined),
  };
  return { home, calls };
}
