/** The first whole story, by the scripting contract, with the real program and a real server. Each test goes on where the last one ended. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, type JsonLine, Machine, type Running } from "./program.ts";

const machine = new Machine();
let relay = "";
let port = 0;
let server: Running;

beforeAll(async () => {
  const started = await machine.serve();
  relay = started.url;
  port = started.port;
  server = started.running;
});
afterAll(() => machine.close());

const list = (finished: Finished, field: string): readonly JsonLine[] => finished.json[field] as readonly JsonLine[];
const bodies = async (home: string, who: string): Promise<readonly unknown[]> =>
  list(await machine.photon(home, "read", who), "messages").map(({ body }) => body);

describe("Ana and Ben", { timeout: 180_000 }, () => {
  test("without a profile every command exits with 10 and names the remedy", async () => {
    const done = await machine.photon("nobody", "contacts");
    expect(done.code).toBe(10);
    expect(done.json).toMatchObject({
      schema: 1,
      error: { code: "no-profile", remedy: expect.stringContaining("photon init") as string },
    });
    await expect(stat(machine.home("nobody"))).rejects.toThrow("ENOENT");
  });

  test("Ana begins; the folder is for her alone", async () => {
    const done = await machine.photon("phone", "init", "--relay", relay, "--device", "phone");
    expect(done.code).toBe(0);
    expect(done.json).toMatchObject({ schema: 1, device: "phone", relay });
    expect((await stat(machine.home("phone"))).mode & 0o777).toBe(0o700);
    for (const name of await readdir(machine.home("phone")))
      expect((await stat(join(machine.home("phone"), name))).mode & 0o077, name).toBe(0);
    expect((await machine.photon("phone", "init", "--relay", relay)).json).toMatchObject({ error: { code: "profile-exists" } });
  });

  test("they meet: invite, accept on an empty profile, confirm", async () => {
    const invitation = await machine.photon("phone", "meet", "--petname", "Ben");
    expect(invitation.code).toBe(0);
    const { link, words, expires } = invitation.json;
    expect(words).toEqual(expect.stringMatching(/^127\.0\.0\.1:\d+( [a-z]+){12}$/u));
    expect(Date.parse(String(expires))).toBeGreaterThan(Date.now());

    const accepted = await machine.photon("ben", "accept", String(link), "--petname", "Ana", "--device", "desktop");
    expect(accepted.code).toBe(0);
    expect(accepted.json).toMatchObject({ schema: 1, petname: "Ana", state: "waiting" });
    expect((await machine.photon("ben", "send", "Ana", "before you confirmed")).code).toBe(0);

    const [claim] = list(await machine.photon("phone", "contacts"), "contacts");
    expect(claim).toMatchObject({ petname: "Ben", state: "confirm" });
    const confirmed = await machine.photon("phone", "contacts", "confirm", String(claim?.["id"]), "--petname", "Ben");
    expect(confirmed.code).toBe(0);
    expect(confirmed.json).toMatchObject({ petname: "Ben", state: "active", verified: null });
    expect(list(await machine.photon("ben", "contacts"), "contacts")).toMatchObject([{ petname: "Ana", state: "active" }]);
  });

  test("the safety words are the same on both sides", async () => {
    const ana = await machine.photon("phone", "contacts", "verify", "Ben");
    const ben = await machine.photon("ben", "contacts", "verify", "Ana");
    expect(ana.json["words"]).toEqual(ben.json["words"]);
    expect(ana.json["words"]).toHaveLength(20);
    expect((await machine.photon("phone", "contacts", "verify", "Ben", "--how", "in-person")).json).toMatchObject({
      verified: { how: "in-person" },
    });
  });

  test("they talk both ways", async () => {
    expect((await machine.photon("phone", "send", "Ben", "hello Ben")).json).toMatchObject({ schema: 1, state: "deposited" });
    expect(await bodies("ben", "Ana")).toEqual(["before you confirmed", "hello Ben"]);
    expect((await machine.photon("ben", "send", "Ana", "hello Ana")).code).toBe(0);
    expect(await bodies("phone", "Ben")).toEqual(["before you confirmed", "hello Ben", "hello Ana"]);
    const mine = list(await machine.photon("phone", "read", "Ben"), "messages").find(({ body }) => body === "hello Ben");
    expect(mine).toMatchObject({ from: "me", state: "delivered" });
  });

  test("Ana adds her laptop: the history arrives, Ben sees the change", async () => {
    const adding = machine.start("phone", ["devices", "add", "--json", "--no-input"]);
    const { code } = await adding.next();
    const joining = await machine.photon("laptop", "init", "--join", String(code), "--device", "laptop");
    expect(joining.code).toBe(0);
    expect(joining.json).toMatchObject({ joined: true, device: "laptop", contacts: 1 });
    expect(await adding.next()).toMatchObject({ schema: 1, joined: "laptop" });
    expect((await adding.done).code).toBe(0);
    expect(await bodies("laptop", "Ben")).toEqual(["before you confirmed", "hello Ben", "hello Ana"]);
    const [ana] = list(await machine.photon("ben", "contacts"), "contacts");
    expect(ana?.["changes"]).toEqual([expect.objectContaining({ grade: "continuous", side: "peer" })]);
  });

  test("Ana loses the phone and retires it from the laptop", async () => {
    const retired = await machine.photon("laptop", "devices", "retire", "phone", "--reason", "lost");
    expect(retired.code).toBe(0);
    expect(retired.json).toMatchObject({ schema: 1, retired: "phone", relationships: [{ petname: "Ben" }] });
    const history = await machine.photon("ben", "contacts", "history", "Ana");
    expect(list(history, "history")).toContainEqual(expect.objectContaining({ kind: "retire", grade: "continuous", side: "peer" }));

    expect((await machine.photon("ben", "send", "Ana", "for the laptop only")).code).toBe(0);
    const locked = await machine.photon("phone", "read", "Ben");
    expect(locked.code).toBe(1);
    expect(locked.json).toMatchObject({ error: { code: "device-retired" } });
    const refused = await machine.photon("phone", "send", "Ben", "from a thief");
    expect(refused.json).toMatchObject({ error: { code: "device-retired" } });

    expect(await bodies("laptop", "Ben")).toContain("for the laptop only");
    expect((await machine.photon("laptop", "send", "Ben", "I am back")).code).toBe(0);
    const ben = await bodies("ben", "Ana");
    expect(ben).toContain("I am back");
    expect(ben).not.toContain("from a thief");
  });

  test("an invitation that is expired, truncated or mistyped is refused saying which", async () => {
    const { link, words } = (await machine.photon("laptop", "meet", "--petname", "Chi")).json;
    const accept = async (text: string): Promise<JsonLine> =>
      (await machine.photon("ben", "accept", text, "--petname", "Chi")).json["error"] as JsonLine;
    expect(await accept(String(link).slice(0, -9))).toMatchObject({ code: "invitation-truncated" });
    expect(await accept(String(words).split(" ").slice(0, -2).join(" "))).toMatchObject({ code: "invitation-truncated" });
    expect(await accept(String(words).replace(/ [a-z]+$/u, " zzzzz"))).toMatchObject({ code: "invitation-mistyped" });
    expect(await accept("https://relay.example/hello")).toMatchObject({ code: "bad-invitation" });
  });

  test("export and import, with the passphrase from a file", async () => {
    const secret = join(machine.folder, "secret");
    const file = join(machine.folder, "out.age");
    await writeFile(secret, "four words and more\n", { mode: 0o600 });
    const env = { PHOTON_SECRET_FILE: secret };
    const exported = await machine.start("laptop", ["export", "relationships", "--to", file, "--json"], env).done;
    expect(exported.code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(secret, "four other words\n");
    expect((await machine.start("ben", ["import", file, "--json"], env).done).code).toBe(12);
    await writeFile(secret, "four words and more\n");
    const imported = await machine.start("ben", ["import", file, "--json"], env).done;
    expect(imported.code).toBe(0);
    expect(imported.json).toMatchObject({ kind: "relationships" });
  });

  test("a dead relay makes nothing slow and loses nothing; a watch outlives it", async () => {
    const watching = machine.start("ben", ["watch", "--json"]);
    expect(await watching.next()).toMatchObject({ event: "watching" });
    server.kill("SIGTERM");
    expect((await server.done).code).toBe(0);
    const began = performance.now();
    const kept = await machine.photon("laptop", "send", "Ben", "while the relay is away");
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(kept.code).toBe(3);
    expect(kept.json).toMatchObject({ schema: 1, state: "queued" });
    expect(list(kept, "problems")).toContainEqual(expect.objectContaining({ code: "relay-unreachable" }));
    expect((await machine.photon("laptop", "read", "Ben")).code).toBe(3);
    expect((await machine.photon("laptop", "read", "Ben", "--offline")).code).toBe(0);

    server = (await machine.serve(port)).running;
    expect((await machine.photon("laptop", "sync")).json).toMatchObject({ schema: 1, pending: 0 });
    for (;;) {
      const line = await watching.next();
      if (line["event"] !== "message" || (line["message"] as JsonLine)["body"] !== "while the relay is away") continue;
      expect(line).toMatchObject({ schema: 1, contact: { petname: "Ana" }, message: { from: "peer" } });
      break;
    }
    watching.kill("SIGTERM");
    await watching.done;
  });
});
