import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProfile, type Engine, openProfile, type PhotonError } from "@photon/engine";
import { openSqliteStore } from "@photon/engine/adapters/sqlite";
import { makeWorld, must } from "@photon/testkit";

test("full disk: a clear error, nothing that was confirmed is lost, and the device goes on when there is space", async () => {
  const folder = await mkdtemp(join(tmpdir(), "photon-full-"));
  const world = await makeWorld();
  try {
    const ben = await world.person("desktop");
    // A device of Ana's whose keys and clock are the world's, and whose disk is a real file.
    const { ports } = await world.person("phone");
    const onDisk = async (maxPages?: number) => {
      const opened = await openSqliteStore(join(folder, "profile.db"), maxPages === undefined ? {} : { maxPages });
      if (!opened.ok) throw new Error(opened.error.code);
      return { ...ports, store: opened.value };
    };
    let ana: Engine = must(await createProfile(await onDisk(), { device: "phone", relay: world.url, vault: world.url }));
    const { link, contact } = must(await ana.meet({ petname: "Ben" }));
    must(await ben.engine.accept(link, { petname: "Ana" }));
    must(await ana.sync());
    must(await ana.confirm(contact, { petname: "Ben" }));
    must(await ben.engine.sync());
    await ana.close();

    // Smaller than it is: no page can be added.
    ana = must(await openProfile(await onDisk(1)));
    const confirmed: string[] = [];
    let refusal: PhotonError | undefined;
    for (let number = 0; number < 500 && refusal === undefined; number++) {
      const text = `message ${number} ${"x".repeat(2000)}`;
      const sent = await ana.send("Ben", text);
      if (sent.ok) confirmed.push(text);
      else refusal = sent.error;
    }
    expect(refusal).toMatchObject({ code: "disk-full", exit: 1 });
    expect(refusal?.remedy).toContain("Free some space");
    expect((await ana.sync()).ok, "a pass that cannot write says so as well").toBe(false);
    expect(must(await ana.read("Ben")).map(({ body }) => body)).toEqual(confirmed);
    await ana.close();

    ana = must(await openProfile(await onDisk()));
    must(await ana.send("Ben", "there is space again"));
    for (let pass = 0; pass < 3; pass++) {
      must(await ben.engine.sync());
      must(await ana.sync());
    }
    expect(must(await ben.engine.read("Ana")).map(({ body }) => body)).toEqual([...confirmed, "there is space again"]);
    expect(must(await ana.read("Ben")).every(({ state }) => state === "delivered")).toBe(true);
    await ana.close();
  } finally {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
});
