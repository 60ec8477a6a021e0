import { answerWords, type Reply } from "@photon/protocol/recovery";
import { dealRecovery } from "@photon/protocol/trustees";
import { systemRandom } from "@photon/engine/adapters/web";
import { describe, expect, test } from "vitest";
import { heardAmong, voiceOf } from "../../src/recovery/collect.ts";
import { KeptAnswers, maxSignatureParts, maxUnheard } from "../../src/recovery/kept.ts";

const request = systemRandom.bytes(32);
const dealt = dealRecovery({ trustees: 3, threshold: 2 }, (length) => systemRandom.bytes(length));
const [shares] = dealt.shares;

function digits(number: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(32);
  new DataView(all.buffer).setUint32(28, number);
  return all;
}

/** What trustee number so-and-so says, of a plan that they all agree in. */
function said(author: number, kind: "approval" | "release" | "partials", part = 0): Reply {
  if (shares === undefined) throw new Error("nothing was dealt");
  const bodies = {
    approval: {
      kind,
      value: {
        level: 0,
        threshold: 2,
        contested: 3,
        delayHours: 48,
        hint: "",
        seen: 1,
        readyAt: 0,
        contestedNow: 0,
        index: shares.index,
        verification: dealt.verification.data,
        places: [],
      },
    },
    release: { kind, value: { share: shares.opener, places: [] } },
    partials: { kind, value: { index: shares.index, batch: digits(0), part, parts: 300, partials: new Uint8Array(48) } },
  } as const;
  const plan = new Uint8Array(32);
  const body = bodies[kind] as Reply["body"];
  return { plan, version: 1, dealerKey: digits(1), author: digits(author), certificate: new Uint8Array(64), body };
}

const wordsOf = (reply: Reply): string => {
  if (reply.body.kind !== "approval") throw new Error("words are for approvals");
  return answerWords({ ...reply, request, verification: reply.body.value.verification });
};

describe("answers, before the archive is open", () => {
  test("of whom nobody has vouched for, so many are kept, and the oldest gives way", () => {
    const kept = new KeptAnswers({ request, typed: [], members: undefined }, []);
    for (let author = 0; author < maxUnheard; author++)
      expect(kept.take(`${author}`, said(author, "approval"))).toEqual({ isKept: true, gone: [] });
    expect(kept.take("more", said(maxUnheard, "approval"))).toEqual({ isKept: true, gone: ["0"] });
    expect(kept.take("and more", said(maxUnheard, "release"))).toEqual({ isKept: true, gone: ["1"] });
  });

  test("what a person was heard to say stays, whatever else comes, and what they say later too", () => {
    const [ben, chi] = [said(0, "approval"), said(1, "approval")];
    const typed = [wordsOf(ben), wordsOf(chi)];
    const kept = new KeptAnswers({ request, typed, members: undefined }, [["ben", ben]]);
    for (let author = 2; author < 2 * maxUnheard; author++) kept.take(`${author}`, said(author, "approval"));
    expect(kept.take("chi", chi)).toEqual({ isKept: true, gone: [] });
    expect(kept.take("ben's share", said(0, "release"))).toEqual({ isKept: true, gone: [] });
    const [first] = kept.take("flood", said(5000, "approval")).gone;
    expect(Number(first)).toBeGreaterThan(1);
  });

  test("of one voice the newest says it all, and signatures are not for this time", () => {
    const kept = new KeptAnswers({ request, typed: [], members: undefined }, [["old", said(7, "approval")]]);
    expect(kept.take("new", said(7, "approval"))).toEqual({ isKept: true, gone: ["old"] });
    expect(kept.take("share", said(7, "release"))).toEqual({ isKept: true, gone: [] });
    expect(kept.take("signatures", said(7, "partials"))).toEqual({ isKept: false, gone: [] });
  });
});

describe("answers, once the archive is open", () => {
  const members = new Set([voiceOf(said(7, "approval"))]);

  test("are those of the plan's trustees, and no others", () => {
    const kept = new KeptAnswers({ request, typed: [], members }, []);
    expect(kept.take("member", said(7, "approval"))).toEqual({ isKept: true, gone: [] });
    expect(kept.take("stranger", said(8, "approval"))).toEqual({ isKept: false, gone: [] });
    const underAnother = { ...said(7, "approval"), dealerKey: digits(2) };
    expect(kept.take("stranger", underAnother)).toEqual({ isKept: false, gone: [] });
  });

  test("carry so many signatures of one trustee, and no more", () => {
    const kept = new KeptAnswers({ request, typed: [], members }, []);
    for (let part = 0; part < maxSignatureParts; part++)
      expect(kept.take(`${part}`, said(7, "partials", part))).toEqual({ isKept: true, gone: [] });
    expect(kept.take("more", said(7, "partials"))).toEqual({ isKept: false, gone: [] });
    expect(kept.take("approval", said(7, "approval"))).toEqual({ isKept: true, gone: [] });
  });
});

describe("answers of those who were heard", () => {
  test("a call is one person: whatever they read out, they are one voice in each plan", () => {
    const [ben, chi] = [said(0, "approval"), said(1, "approval")];
    const another = { ...said(2, "approval"), version: 2 };
    const all = [ben, said(0, "release"), chi, said(1, "release"), another];
    const words = [ben, chi, another].map(wordsOf);
    const [one = "", two = "", three = ""] = words;
    expect(heardAmong(all, request, [[one, two]])).toEqual([ben, said(0, "release")]);
    expect(heardAmong(all, request, [[one], [two]])).toEqual([ben, said(0, "release"), chi, said(1, "release")]);
    expect(heardAmong(all, request, [[one, three]])).toEqual([ben, said(0, "release"), another]);
    expect(heardAmong(all, request, [])).toEqual([]);
  });
});
