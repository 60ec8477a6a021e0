/** First steps that fail: real commands, in folders where there is no profile yet. */
import { join } from "node:path";
import { askPhoton } from "@photon/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

test("an accept that fails makes no profile; the right invitation then works in the same folder", async () => {
  const chi = join(scene.folder, "chi");
  const { link, words } = await did(scene.ana, "meet", "--petname", "Chi");
  const relay = String(words).split(" ")[0];
  const wrong = told(
    await askPhoton(chi, "accept", `${relay} ${"abandon ".repeat(11)}about`, "--petname", "Ana", "--relay", scene.url),
    1,
  );
  expect(wrong.code).toBe("invitation-unknown");
  for (const words_ of [["contacts"], ["devices"], ["doctor"]]) expect((await askPhoton(chi, ...words_)).code).toBe(10);
  const accepted = await did(chi, "accept", String(link), "--petname", "Ana", "--device", "tablet");
  expect(accepted).toMatchObject({ petname: "Ana", state: "waiting" });
  const again = told(await askPhoton(chi, "accept", String(link), "--petname", "Ana"), 1);
  expect(again.code).toBe("invitation-accepted");
  // She has accepted; it is Ana who has to say who she is.
  expect(told(await askPhoton(scene.ana, "send", "Chi", "hello"), 20)).toMatchObject({ code: "confirm-first" });
  const { contacts } = await did(scene.ana, "contacts");
  const claim = (contacts as readonly Record<string, unknown>[]).find(({ state }) => state === "confirm");
  expect(await did(scene.ana, "contacts", "confirm", String(claim?.["id"]))).toMatchObject({ petname: "Chi", state: "active" });
});

test("an init whose relay is away, or whose address is none, says what to do, and makes nothing", async () => {
  const dee = join(scene.folder, "dee");
  scene.proxy.instead = (response) => void response.writeHead(503).end();
  const away = told(await askPhoton(dee, "init", "--relay", scene.proxy.url), 3);
  scene.proxy.instead = undefined;
  expect(away).toMatchObject({ code: "relay-unreachable", remedy: expect.stringContaining("No profile was made") as string });
  expect(told(await askPhoton(dee, "init", "--relay", "http://example.com"), 2).code).toBe("usage");
  expect((await askPhoton(dee, "contacts")).code).toBe(10);
  // Without a scheme, as an invitation's words have it.
  expect(await did(dee, "init", "--relay", new URL(scene.url).host)).toMatchObject({ relay: scene.url });
});

test("a second serve on the data of one that runs says so, and the first goes on", async () => {
  const second = await askPhoton(scene.folder, "serve", "--port", "0", "--data", join(scene.folder, "server"));
  expect(told(second, 1)).toMatchObject({ code: "data-in-use", remedy: expect.stringContaining("--data") as string });
  await did(scene.ana, "sync");
});
