/** `photon trustee`: Ana is a trustee of Ben, who may have lost everything, or may be somebody else. */
import { photonError } from "@photon/engine/errors";
import { describe, expect, test } from "vitest";
import { contact, recoveryCase, trusteeship } from "./support/fake-engine.ts";
import { fakePhoton, scriptedAsk } from "./support/fake-world.ts";

const noonText = "2025-03-14T12:00:00.000Z";
const flat = (text: string): string => text.replaceAll(/\s+/gu, " ");
const shape = {
  petname: "Ben",
  state: "holding",
  since: noonText,
  hint: "Ask me about the blue bicycle",
  threshold: 2,
  delayHours: 48,
};
const caseShape = {
  request: "3f9a11c2".repeat(8),
  device: "new phone",
  state: "collecting",
  approvals: 1,
  needed: 2,
  until: null,
  contested: false,
  pressed: false,
  rivals: 0,
  approvedByMe: false,
  answer: undefined,
  warnings: [],
};

describe("photon trustee list and status", () => {
  test("--json gives {trusteeships}", async () => {
    const { photon } = fakePhoton({
      trusteeships: [trusteeship({ cases: [recoveryCase()] }), trusteeship({ petname: "Chi", threshold: undefined })],
    });
    for (const line of [["trustee"], ["trustee", "list"], ["trustee", "status"]]) {
      expect((await photon(...line, "--json")).json).toEqual({
        schema: 1,
        trusteeships: [
          { ...shape, cases: [caseShape] },
          { ...shape, petname: "Chi", threshold: null, cases: [] },
        ],
      });
    }
    expect((await photon("trustee", "status", "Ben", "--json")).json).toMatchObject({ trusteeships: [{ petname: "Ben" }] });
  });

  test("an ask and a case come with what to do", async () => {
    const asked = await fakePhoton({ trusteeships: [trusteeship({ state: "asked" })] }).photon("trustee");
    expect(asked.out).toContain("they ask you to be");
    expect(asked.err).toMatch(/“Ben” asks you to be a trustee\.\nNext: `photon trustee accept Ben`/u);

    const again = fakePhoton({ trusteeships: [trusteeship({ askedAgain: Date.parse(noonText) })] });
    expect((await again.photon("trustee")).err).toMatch(
      /“Ben” asks, as once a year, whether you are still willing\.\nNext: `photon trustee accept Ben`/u,
    );
    expect((await again.photon("trustee", "--json")).json).toEqual({
      schema: 1,
      trusteeships: [{ ...shape, askedAgain: noonText, cases: [] }],
    });

    const { photon } = fakePhoton({ trusteeships: [trusteeship({ cases: [recoveryCase()] })] });
    const listed = await photon("trustee");
    expect(listed.err).toContain("Somebody recovers in the name of “Ben”: 3f9a11c2  from a device that calls itself “new phone”");
    expect(listed.err).toContain("Next: `photon trustee status Ben`");
    const status = await photon("trustee", "status", "Ben");
    expect(status.err).toContain("Next: Reach “Ben” yourself, on a channel that you already had.");
  });

  test("a case shows what speaks against it", async () => {
    const one = recoveryCase({ contested: true, pressed: true, rivals: 1, warnings: ["A device of theirs objects."] });
    const done = await fakePhoton({ trusteeships: [trusteeship({ cases: [one] })] }).photon("trustee", "status");
    expect(done.out).toContain("[contested; 1 other request in the same name; a trustee is being pressed]");
    expect(done.out).toContain("    A device of theirs objects.");
  });

  test("somebody whose trustee one is not, and nobody at all", async () => {
    const { photon } = fakePhoton();
    expect(await photon("trustee", "status", "Ben", "--json")).toMatchObject({ code: 2, json: { error: { code: "not-trustee" } } });
    expect(await photon("trustee", "status", "Eli", "--json")).toMatchObject({
      code: 2,
      json: { error: { code: "unknown-contact" } },
    });
    expect((await photon("trustee")).err).toContain("Nobody has asked you to be a trustee.");
    expect((await photon("trustee", "nonsense")).code).toBe(2);
  });
});

describe("photon trustee accept and refuse", () => {
  test("accepting is explained first, and asked once more", async () => {
    const ask = scriptedAsk("yes");
    const { photon, state } = fakePhoton({ trusteeships: [trusteeship({ state: "asked" })] }, { terminal: true, ask });
    const done = await photon("trustee", "accept", "Ben");
    expect(done.code).toBe(0);
    expect(flat(done.err)).toContain("Until then you hold a share that shows you nothing and can do nothing by itself.");
    expect(ask.asked).toEqual(["Will you be a trustee of “Ben”?"]);
    expect(state.calls).toContain("answerTrustee Ben true");

    const later = fakePhoton({ trusteeships: [trusteeship({ state: "asked" })] }, { terminal: true, ask: scriptedAsk("later") });
    expect((await later.photon("trustee", "accept", "Ben")).code).toBe(1);
    expect(later.state.calls.some((call) => call.startsWith("answerTrustee"))).toBe(false);
  });

  test("without a terminal the word is enough; --json gives the trusteeship", async () => {
    const { photon, state } = fakePhoton({ trusteeships: [trusteeship({ state: "asked" })] });
    expect((await photon("trustee", "accept", "Ben", "--json", "--no-input")).json).toEqual({
      schema: 1,
      ...shape,
      state: "accepted",
      cases: [],
    });
    expect((await photon("trustee", "refuse", "Ben", "--json")).json).toMatchObject({ state: "refused" });
    expect(state.calls).toContain("answerTrustee Ben false");
    expect((await photon("trustee", "accept", "Ben")).err).toContain("Enough trustees together could act as “Ben”");
  });

  test("nobody asked", async () => {
    expect(await fakePhoton().photon("trustee", "accept", "Ben", "--json")).toMatchObject({
      code: 2,
      json: { error: { code: "not-trustee" } },
    });
  });
});

describe("photon trustee approve", () => {
  const trusteeships = [trusteeship()];

  test("scripts: the code is enough; how is then the least that can be said", async () => {
    const { photon, state } = fakePhoton({ trusteeships });
    const done = await photon("trustee", "approve", "Ben", "--code", "relay.example", "one", "two", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({
      schema: 1,
      petname: "Ben",
      ...caseShape,
      state: "waiting",
      approvals: 2,
      until: "2025-03-16T12:00:00.000Z",
      approvedByMe: true,
    });
    expect(state.calls).toContain(
      'approveRecovery Ben {"code":"relay.example one two","recognised":"other","contacted":"they-reached-me"}',
    );
  });

  test("--recognised and --contacted are handed on", async () => {
    const { photon, state } = fakePhoton({ trusteeships });
    const how = ["--recognised", "in-person", "--contacted", "i-reached-them"];
    expect((await photon("trustee", "approve", "Ben", ...how, "--code", "relay.example one two", "--no-input")).code).toBe(0);
    expect(state.calls.at(-3)).toBe(
      'approveRecovery Ben {"code":"relay.example one two","recognised":"in-person","contacted":"i-reached-them"}',
    );
    expect((await photon("trustee", "approve", "Ben", "--recognised", "dream", "--code", "x")).code).toBe(2);
  });

  test("without a code and a terminal it is a usage error that names the option", async () => {
    for (const quiet of ["--no-input", "--json"]) {
      const done = await fakePhoton({ trusteeships }, { terminal: true, ask: scriptedAsk() }).photon(
        "trustee",
        "approve",
        "Ben",
        quiet,
      );
      expect(done.code).toBe(2);
      expect(done.out + done.err).toContain("--code");
    }
  });

  test("on a terminal: the warning comes before the code, the case before the questions, the name last", async () => {
    const ask = scriptedAsk("relay.example one two", "voice", "they-reached-me", "Ben");
    const { photon, state } = fakePhoton(
      { trusteeships, spoken: recoveryCase({ contested: true, warnings: ["A device of theirs objects."] }) },
      { terminal: true, ask },
    );
    const done = await photon("trustee", "approve", "Ben");
    expect(done.code).toBe(0);
    expect(ask.asked).toEqual([
      "What does “Ben” speak? The relay's name and twelve words",
      "How did you recognise “Ben”?",
      "Who reached whom?",
      "Type “Ben” to confirm",
    ]);
    const told = flat(done.err);
    expect(told).toContain("First reach “Ben” yourself, on a channel that you already had");
    expect(told).toContain("A scam looks like this: it is urgent; you are to tell nobody");
    expect(told).toContain("A device of theirs objects.");
    expect(told).toContain("“Ben” left this for you: Ask me about the blue bicycle");
    expect(told).toContain("Hang up, and call back on a number that you had before");
    expect(state.calls).toContain(
      'approveRecovery Ben {"code":"relay.example one two","recognised":"voice","contacted":"they-reached-me"}',
    );
  });

  test("another name, or leaving, approves nothing", async () => {
    const answers = [
      ["relay.example one two", "video", "i-reached-them", "Chi"],
      ["relay.example one two", "video", undefined],
      ["relay.example one two", undefined],
      [undefined],
    ] as const;
    for (const some of answers) {
      const { photon, state } = fakePhoton({ trusteeships }, { terminal: true, ask: scriptedAsk(...some) });
      expect((await photon("trustee", "approve", "Ben")).code, some.join()).toBe(some.at(-1) === undefined ? 130 : 1);
      expect(state.calls.some((call) => call.startsWith("approveRecovery"))).toBe(false);
    }
  });

  test("--yes leaves out the name", async () => {
    const { photon } = fakePhoton({ trusteeships }, { terminal: true, ask: scriptedAsk("in-person", "i-reached-them") });
    expect((await photon("trustee", "approve", "Ben", "--yes", "--code", "relay.example one two")).code).toBe(0);
  });

  test("while the code is asked for, the profile is not locked", async () => {
    const fake = fakePhoton(
      { trusteeships },
      {
        terminal: true,
        ask: {
          ...scriptedAsk(),
          text: async () => {
            expect(fake.locks.at(-1)).toBe("unlock");
            return undefined;
          },
        },
      },
    );
    expect((await fake.photon("trustee", "approve", "Ben")).code).toBe(130);
  });

  test.each([
    ["bad-request-code", 2],
    ["no-request", 1],
    ["request-swapped", 1],
    ["request-expired", 1],
    ["rival-open", 21],
    ["recovered-recently", 1],
  ] as const)("%s exits with %i", async (code, exit) => {
    const done = await fakePhoton({ trusteeships, spoken: photonError(code) }).photon(
      "trustee",
      "approve",
      "Ben",
      "--code",
      "relay.example one two",
      "--json",
    );
    expect(done).toMatchObject({ code: exit, json: { error: { code } } });
  });

  test("--dry-run looks nothing up", async () => {
    const { photon, state } = fakePhoton({ trusteeships });
    expect((await photon("trustee", "approve", "Ben", "--code", "x", "--dry-run", "--json")).json).toMatchObject({ dryRun: true });
    expect(state.calls.filter((call) => call !== "close")).toEqual([]);
  });
});

describe("photon trustee decline", () => {
  test("under pressure the same is shown as without", async () => {
    const { photon, state } = fakePhoton({ trusteeships: [trusteeship()] });
    for (const form of [[], ["--json"]]) {
      const calm = await photon("trustee", "decline", "Ben", ...form);
      const pressed = await photon("trustee", "decline", "Ben", "--pressured", ...form);
      expect(calm.code).toBe(0);
      expect([pressed.code, pressed.out, pressed.err]).toEqual([calm.code, calm.out, calm.err]);
    }
    expect(state.calls).toContain('declineRecovery Ben {"pressured":true}');
    expect((await photon("trustee", "decline", "Ben")).err).toContain("is not told who did");
  });
});

describe("photon trustee help", () => {
  test("shows the words to read, and what comes next", async () => {
    const { photon } = fakePhoton({ trusteeships: [trusteeship()] });
    expect((await photon("trustee", "help", "Ben", "--json")).json).toEqual({
      schema: 1,
      petname: "Ben",
      words: "relay.example one two",
      relay: "https://relay.example",
    });
    const done = await photon("trustee", "help", "Ben");
    expect(done.out).toBe("relay.example one two\n");
    expect(done.err).toContain("`photon recover trustees --from`");
    expect(done.err).toContain("Next: `photon trustee approve Ben` takes that code");
  });
});

test("hostile names of devices and people are shown harmlessly", async () => {
  const evil = "x\u001B[2J\u202Ey\r\nz\u200B";
  const one = recoveryCase({ device: evil, warnings: [evil], request: evil });
  const { photon } = fakePhoton({
    contacts: [contact({ petname: evil })],
    trusteeships: [trusteeship({ petname: evil, hint: evil, cases: [one] })],
    spoken: one,
  });
  const lines = [
    ["trustee"],
    ["trustee", "status"],
    ["trustee", "accept", "c1"],
    ["trustee", "help", "c1"],
    ["trustee", "decline", "c1"],
    ["trustee", "approve", "c1", "--code", "x"],
  ];
  for (const line of lines) {
    const done = await photon(...line);
    expect(done.code, line.join(" ")).toBe(0);
    expect(done.out + done.err, line.join(" ")).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  }
});
