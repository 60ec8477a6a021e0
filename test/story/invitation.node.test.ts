import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProfile, openProfile } from "@photon/engine";
import { memoryKeyStore, memoryStore } from "@photon/engine/adapters/memory";
import { day, makeWorld, must, type World } from "@photon/testkit";

describe("an invitation", () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.close());

  test("cannot be used twice unseen: both claims are shown, and safety words tell them apart", async () => {
    const [ana, ben, chi] = [await world.person("phone"), await world.person("laptop"), await world.person("tablet")];
    const { link } = must(await ana.engine.meet({ petname: "Ben" }));
    must(await chi.engine.accept(link, { petname: "Ana" }));
    must(await ben.engine.accept(link, { petname: "Ana" }));
    must(await ana.engine.sync());
    const claims = must(await ana.engine.contacts());
    expect(claims).toHaveLength(2);
    expect(claims.every(({ state, note }) => state === "confirm" && note?.includes("2 people"))).toBe(true);
    const words = await Promise.all(claims.map(async ({ id }) => must(await ana.engine.safetyWords(id)).digits));
    const bens = must(await ben.engine.safetyWords("Ana")).digits;
    const right = claims[words.indexOf(bens)];
    expect(right).toBeDefined();
    must(await ana.engine.confirm(right?.id ?? "", { petname: "Ben" }));
    await world.settle(ana, ben, chi);
    expect(must(await ben.engine.contacts())).toMatchObject([{ state: "active" }]);
    expect(must(await chi.engine.contacts())).toMatchObject([{ state: "waiting" }]);
    expect(must(await ana.engine.contacts())).toMatchObject([
      { petname: "Ben", state: "active", note: expect.stringContaining("Somebody else") as string },
    ]);
  });

  test("used a second time after it was confirmed is seen too", async () => {
    const [ana, ben, chi] = [await world.person("phone"), await world.person("laptop"), await world.person("tablet")];
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(invitation.link, { petname: "Ana" }));
    must(await ana.engine.sync());
    must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }));
    must(await chi.engine.accept(invitation.link, { petname: "Ana" }));
    await world.settle(ana, ben, chi);
    expect(must(await ana.engine.contacts())).toMatchObject([
      { state: "active", note: expect.stringContaining("Somebody else") as string },
    ]);
  });

  test("expired, truncated, mistyped, unknown and one's own are told apart", async () => {
    const [ana, ben] = [await world.person("phone"), await world.person("laptop")];
    const { link, words } = must(await ana.engine.meet({ petname: "Ben" }));
    const refusal = async (text: string) => {
      const outcome = await ben.engine.accept(text, { petname: "Ana" });
      return outcome.ok ? "accepted" : outcome.error.code;
    };
    expect(await refusal(link.slice(0, -5))).toBe("invitation-truncated");
    expect(await refusal(words.split(" ").slice(0, -1).join(" "))).toBe("invitation-truncated");
    const position = link.length - 10;
    expect(await refusal(`${link.slice(0, position)}${link[position] === "A" ? "B" : "A"}${link.slice(position + 1)}`)).toBe(
      "invitation-mistyped",
    );
    expect(await refusal("see you on friday")).toBe("bad-invitation");
    const own = await ana.engine.accept(link, { petname: "Me" });
    expect(own.ok ? "accepted" : own.error.code).toBe("invitation-own");
    world.advance(8 * day);
    expect(await refusal(link)).toBe("invitation-expired");
    expect(await refusal(words)).toBe("invitation-expired");
    expect(must(await ben.engine.contacts())).toEqual([]);
  });

  test("accepted twice is said to be, under whatever petname, also when it has expired since", async () => {
    const [ana, ben] = [await world.person("phone"), await world.person("laptop")];
    const { link, words } = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(link, { petname: "Ana" }));
    const again = async (text: string, petname: string) => {
      const outcome = await ben.engine.accept(text, { petname });
      return outcome.ok ? "accepted" : outcome.error.code;
    };
    expect(await again(link, "Ana")).toBe("invitation-accepted");
    expect(await again(words, "Anna")).toBe("invitation-accepted");
    world.advance(8 * day);
    expect(await again(link, "Ana")).toBe("invitation-accepted");
    expect(must(await ben.engine.contacts())).toHaveLength(1);
  });

  test("whoever has accepted waits for the inviter: that is what the inviter is told who writes to them", async () => {
    const [ana, ben] = [await world.person("phone"), await world.person("laptop")];
    const { link } = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(link, { petname: "Ana" }));
    must(await ana.engine.sync());
    for (const outcome of [await ana.engine.send("Ben", "hello"), await ana.engine.verify("Ben", "in-person")])
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: "confirm-first", exit: 20, remedy: expect.stringContaining("photon contacts confirm") as string },
      });
  });

  test("is what a new person begins with, or there is no new person", async () => {
    const ana = await world.person("phone");
    const { link } = must(await ana.engine.meet({ petname: "Ben" }));
    const spare = await world.person("spare");
    const ports = { ...spare.ports, store: memoryStore(), keys: memoryKeyStore(spare.ports.random) };
    const begin = (invitation: string, petname: string) =>
      createProfile(ports, { device: "laptop", relay: world.url, vault: world.url, accepting: { invitation, petname } });
    const nobodys = `${world.url.replace("http://", "")} ${"abandon ".repeat(11)}about`;
    for (const [invitation, petname, code] of [
      [nobodys, "Ana", "invitation-unknown"],
      [link.slice(0, -5), "Ana", "invitation-truncated"],
      [link, "\u202e", "bad-petname"],
    ] as const) {
      expect(await begin(invitation, petname)).toMatchObject({ ok: false, error: { code } });
      expect(await openProfile(ports)).toMatchObject({ ok: false, error: { code: "no-profile" } });
    }
    const ben = must(await begin(link, "Ana"));
    expect(must(await ben.contacts())).toMatchObject([{ petname: "Ana", state: "waiting" }]);
    must(await ana.engine.sync());
    expect(must(await ana.engine.contacts())).toMatchObject([{ petname: "Ben", state: "confirm" }]);
  });

  test("by words works like the link", async () => {
    const [ana, ben] = [await world.person("phone"), await world.person("laptop")];
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(invitation.words, { petname: "Ana" }));
    must(await ana.engine.sync());
    must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }));
    await world.settle(ana, ben);
    expect(must(await ben.engine.contacts())).toMatchObject([{ petname: "Ana", state: "active" }]);
  });
});
