/** Ana and Ben in two profiles of one browser, over a real relay: the engine's whole path on IndexedDB, WebCrypto and fetch. */
import { describe, expect, test } from "vitest";
import type { PhotonError } from "@photon/engine";
import { createWebProfile, openWebProfile, type WebProfile } from "@photon/web";
import type { Result } from "@photon/protocol/codec";

const server = new URL(location.href).searchParams.get("server") ?? "";

function must<T>(outcome: Result<T, PhotonError>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.error.code}: ${outcome.error.message} ${outcome.error.detail}`);
}

let names = 0;
const freshName = (): string => `story-${Date.now()}-${(names += 1)}`;
const create = async (name: string): Promise<WebProfile> =>
  must(await createWebProfile(name, { device: "browser", relay: server, vault: server }));

async function settle(...profiles: readonly WebProfile[]): Promise<void> {
  for (let round = 0; round < 6; round++) for (const { engine } of profiles) must(await engine.sync());
}

describe("a profile in a browser", () => {
  test("Ana meets Ben, they talk, close the page, open it again and go on", async () => {
    const [anasName, bensName] = [freshName(), freshName()];
    let ana = await create(anasName);
    let ben = await create(bensName);
    const { link } = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(link, { petname: "Ana" }));
    await settle(ana, ben);
    const waiting = must(await ana.engine.contacts()).find(({ state }) => state === "confirm");
    must(await ana.engine.confirm(waiting?.id ?? "", { petname: "Ben" }));
    await settle(ana, ben);
    must(await ana.engine.send("Ben", "See you at the harbour."));
    await settle(ana, ben);
    must(await ben.engine.send("Ana", "At six."));
    await settle(ana, ben);

    await ana.close();
    await ben.close();
    ana = must(await openWebProfile(anasName));
    ben = must(await openWebProfile(bensName));
    must(await ana.engine.send("Ben", "I am here."));
    await settle(ana, ben);
    const bodies = ["See you at the harbour.", "At six.", "I am here."];
    expect(must(await ana.engine.read("Ben")).map(({ body }) => body)).toEqual(bodies);
    expect(must(await ben.engine.read("Ana")).map(({ body }) => body)).toEqual(bodies);
    await ana.close();
    await ben.close();
  });

  test("is for one page at a time: another is told `profile-locked`, and let in once the first is closed", async () => {
    const name = freshName();
    const first = await create(name);
    expect(await openWebProfile(name, { waitMs: 50 })).toMatchObject({ ok: false, error: { code: "profile-locked" } });
    await first.close();
    await must(await openWebProfile(name, { waitMs: 50 })).close();
  });

  test("that is not there is `no-profile`, and its lock is free afterwards", async () => {
    const name = freshName();
    expect(await openWebProfile(name)).toMatchObject({ ok: false, error: { code: "no-profile" } });
    await (await create(name)).close();
    expect(await createWebProfile(name, { device: "browser", relay: server, vault: server })).toMatchObject({
      ok: false,
      error: { code: "profile-exists" },
    });
  });

  test("says whether the browser has promised to keep it", async () => {
    const profile = await create(freshName());
    expect(profile.persisted).toBe(await navigator.storage.persisted());
    await profile.close();
  });
});
