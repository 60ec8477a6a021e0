/** Where things are, and addresses as people type them. */
import { parseOrigin } from "@photon/protocol/meeting";
import { describe, expect, test } from "vitest";
import { machineName } from "../src/commands/init.ts";
import { defaultHome, profileFolder, serverFolder } from "../src/home.ts";
import { lineOf } from "../src/progress.ts";
import { serverOrigin } from "../src/relay-address.ts";
import { typeable } from "../src/output/shown.ts";

describe("XDG directories, with PHOTON_HOME before them", () => {
  test.each([
    [{ HOME: "/home/ana" }, "/home/ana/.local/share/photon"],
    [{ HOME: "/home/ana", XDG_DATA_HOME: "/data" }, "/data/photon"],
    [{ HOME: "/home/ana", XDG_DATA_HOME: "relative" }, "/home/ana/.local/share/photon"],
    [{ HOME: "/home/ana", XDG_DATA_HOME: "/data", PHOTON_HOME: "/try" }, "/try"],
    [{ HOME: "/home/ana", PHOTON_HOME: "" }, "/home/ana/.local/share/photon"],
  ])("%j", (env, folder) => {
    expect(profileFolder(env)).toBe(folder);
  });

  test("the server's data is beside the profile, not in it", () => {
    expect(serverFolder({ HOME: "/home/ana" })).toBe("/home/ana/.local/share/photon-server");
    expect(defaultHome({ HOME: "/home/ana" })).not.toBe(serverFolder({ HOME: "/home/ana" }));
  });
});

describe("addresses", () => {
  test("a bare name means https", () => {
    expect(serverOrigin("relay.example", "relay")).toEqual({ ok: true, value: "https://relay.example" });
    expect(serverOrigin(" https://Relay.Example:8443/ ", "relay")).toEqual({ ok: true, value: "https://relay.example:8443" });
  });

  test("are read as an invitation's are: http on this machine, and nowhere else", () => {
    for (const typed of [
      "127.0.0.1:7740",
      "localhost:1",
      "[::1]:7740",
      "relay.example",
      "relay.example:8443",
      "https://relay.example",
    ])
      expect(serverOrigin(typed, "relay"), typed).toEqual({ ok: true, value: parseOrigin(typed) });
    expect(serverOrigin("127.0.0.1:7740", "relay")).toEqual({ ok: true, value: "http://127.0.0.1:7740" });
  });

  test.each([
    ["http://example.com", "must begin with https://: without it"],
    ["http://10.0.0.1", "must begin with https://: without it"],
    ["ftp://relay.example", "must begin with https://"],
    ["https://ana:pw@relay.example", "must not hold a name or a password"],
    ["https://relay.example/path", "must end after its name and port"],
    ["https://", "is not an address"],
  ])("%s is refused as a mistake in typing, saying which", (typed, why) => {
    expect(serverOrigin(typed, "vault")).toMatchObject({
      ok: false,
      error: { code: "usage", exit: 2, detail: expect.stringContaining(why) as string },
    });
  });
});

test("a device is called as the machine is, if that can be shown", () => {
  expect(machineName("laptop.home.example")).toBe("laptop");
  expect(machineName("\u001B[2J")).toBe("2J");
  expect(machineName("")).toBe("device");
});

test("a name is suggested for typing only as the shell will take it", () => {
  expect([
    typeable("Ben"),
    typeable("Chi Ng"),
    typeable("it's"),
    typeable("-x"),
    typeable("$(rm)"),
    typeable("a\u202Eb"),
    typeable(""),
  ]).toEqual(["Ben", "'Chi Ng'", String.raw`'it'\''s'`, undefined, "'$(rm)'", undefined, undefined]);
});

test("progress fits its line", () => {
  expect(lineOf(0.5, "Fetching", 80)).toBe(`Fetching ${"█".repeat(12)}${"░".repeat(12)}  50 %`);
  expect(lineOf(2, "Fetching", 80)).toContain("100 %");
  expect(lineOf(undefined, "x".repeat(300), 40)).toHaveLength(39);
});
