/**
 * A change is in the vault within five seconds when online: it is there by the time a command ends, and before `photon watch`
 * shows what came. Against the real server and the real programs.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askPhoton, type CommandProcess, startPhoton } from "@photon/testkit";
import { toHex } from "@photon/protocol/codec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, everyRow } from "../adversary/server-rows.ts";
import { did } from "./scene.ts";

let folder: string;
let server: CommandProcess;
let [ana, ben] = ["", ""];
let register = "";

const registers = () =>
  everyRow(join(folder, "server"))
    .filter(({ table }) => table === "vault.sqlite/register")
    .map(({ columns }) => ({ id: toHex(bytesOf(columns["id"])), seq: Number(columns["seq"]) }));
const headOfAna = (): number => registers().find(({ id }) => id === register)?.seq ?? 0;
const waiting = async (): Promise<unknown> => (await did(ana, "backup", "status", "--offline"))["pendingChanges"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "photon-archived-"));
  [ana, ben] = [join(folder, "ana"), join(folder, "ben")];
  server = startPhoton(join(folder, "operator"), [
    "serve",
    "--json",
    "--no-input",
    "--port",
    "0",
    "--data",
    join(folder, "server"),
  ]);
  const url = String((await server.nextObject())["url"]);
  await did(ana, "init", "--relay", url, "--device", "phone");
  register = registers()[0]?.id ?? "";
  const { link } = await did(ana, "meet", "--petname", "Ben");
  await did(ben, "accept", String(link), "--petname", "Ana");
  const contacts = (await did(ana, "contacts"))["contacts"] as readonly { readonly id: string }[];
  await did(ana, "contacts", "confirm", String(contacts[0]?.id), "--petname", "Ben");
}, 120_000);
afterAll(async () => {
  server.signal("SIGTERM");
  await server.ended;
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe("a change is in the vault within 5 seconds", () => {
  for (const words of [
    ["send", "Ben", "hello"],
    ["contacts", "rename", "Ben", "Benedict"],
    ["contacts", "verify", "Benedict", "--how", "in-person"],
    ["meet", "--petname", "Chi"],
    ["contacts", "close", "Chi", "--yes"],
  ])
    test(`photon ${words.join(" ")}: when the command ends`, async () => {
      const before = headOfAna();
      await did(ana, ...words);
      expect(headOfAna()).toBeGreaterThan(before);
      expect(await waiting()).toBe(0);
    }, 60_000);

  test("photon watch: what came is archived before it is shown", async () => {
    const watch = startPhoton(ana, ["watch", "--json", "--no-input"]);
    expect(await watch.nextObject()).toMatchObject({ event: "watching" });
    for (const text of ["one", "two", "three"]) {
      const before = headOfAna();
      await did(ben, "send", "Ana", text);
      for (let shown = false; !shown;) {
        const event = await watch.nextObject();
        shown = event["event"] === "message" && JSON.stringify(event).includes(`"${text}"`);
      }
      expect(headOfAna()).toBeGreaterThan(before);
    }
    watch.signal("SIGINT");
    await watch.ended;
    expect(await waiting()).toBe(0);
    const { object } = await askPhoton(ana, "backup", "status");
    expect(object).toMatchObject({ pendingChanges: 0, pendingDeletion: null });
  }, 120_000);
});
