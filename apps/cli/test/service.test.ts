import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchAgent } from "../src/service/launchd.ts";
import { systemdUnits, unitQuote } from "../src/service/systemd.ts";
import { fakePhoton } from "./support/fake-world.ts";

let folder = "";
const path = process.env["PATH"];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "photon-service-"));
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "systemctl"), `#!/bin/sh\necho "$@" >> ${folder}/asked\n`, { mode: 0o755 });
  process.env["PATH"] = `${join(folder, "bin")}${delimiter}${path ?? ""}`;
});
afterAll(async () => {
  process.env["PATH"] = path;
  await rm(folder, { recursive: true });
});

const plan = {
  name: "photon",
  self: ["/usr/bin/node", "/opt/my photon/bin.js"],
  home: '/home/ana/100% "mine"',
  mode: "sync",
  minutes: 10,
} as const;

describe("the files", () => {
  test("systemd: what a path holds is neither expanded nor split", () => {
    const units = systemdUnits(plan);
    expect(Object.keys(units)).toEqual(["photon.service", "photon.timer"]);
    expect(units["photon.service"]).toContain('ExecStart="/usr/bin/node" "/opt/my photon/bin.js" "sync" "--no-input" "--quiet"');
    expect(units["photon.service"]).toContain('Environment="PHOTON_HOME=/home/ana/100%% \\"mine\\""');
    expect(units["photon.timer"]).toContain("OnUnitInactiveSec=10min");
    expect(unitQuote("a\nExecStart=evil")).not.toContain("\n");
    expect(systemdUnits({ ...plan, self: ["$HOME"] })["photon.service"]).toContain('"$$HOME"');
  });

  test("systemd, with --watch: one service that stays", () => {
    const units = systemdUnits({ ...plan, mode: "watch" });
    expect(Object.keys(units)).toEqual(["photon.service"]);
    expect(units["photon.service"]).toContain("Restart=on-failure");
  });

  test("launchd: text is escaped", () => {
    const [agent] = Object.values(launchAgent({ ...plan, home: "/Users/ana/<&>" }));
    expect(agent).toContain("<string>/Users/ana/&lt;&amp;&gt;</string>");
    expect(agent).toContain("<integer>600</integer>");
  });
});

describe("photon service", () => {
  const options = () => ({
    env: { XDG_CONFIG_HOME: join(folder, "config"), HOME: folder },
    folder: join(folder, ".local/share/photon"),
  });
  const units = (): Promise<string[]> => readdir(join(folder, "config", "systemd", "user"));

  test("--dry-run prints the files and writes nothing", async () => {
    const done = await fakePhoton({}, options()).photon("service", "install", "--dry-run");
    expect(done.code).toBe(0);
    expect(done.out).toContain("[Timer]");
    await expect(units()).rejects.toThrow("ENOENT");
  });

  test("install, status, another mode, uninstall", async () => {
    const { photon } = fakePhoton({}, options());
    expect((await photon("service", "install", "--every", "5", "--json")).json).toMatchObject({
      installed: true,
      active: true,
      unit: "photon.timer",
    });
    expect(await units()).toEqual(["photon.service", "photon.timer"]);
    expect(await readFile(join(folder, "asked"), "utf8")).toContain("--user enable --now photon.timer");
    expect((await photon("service", "status", "--json")).json).toMatchObject({ installed: true, active: true });
    expect((await photon("service", "install", "--watch")).code).toBe(0);
    expect(await units()).toEqual(["photon.service"]);
    expect((await photon("service", "uninstall", "--json")).json).toMatchObject({ installed: false });
    expect(await units()).toEqual([]);
    expect((await photon("service", "status", "--json")).json).toMatchObject({ installed: false, active: false });
  });

  test("two profiles have two services", async () => {
    const other = { ...options(), folder: "/srv/other" };
    const done = await fakePhoton({}, other).photon("service", "install", "--dry-run", "--json");
    expect(done.json["unit"]).toMatch(/^photon-[0-9a-f]{8}\.timer$/u);
  });

  test("without a profile, or where there is no such thing, it says so", async () => {
    expect((await fakePhoton({}, { ...options(), profile: false }).photon("service", "install")).code).toBe(10);
    expect((await fakePhoton({}, { ...options(), platform: "win32" }).photon("service", "install")).err).toContain("photon sync");
    expect((await fakePhoton({}, options()).photon("service", "install", "--every", "0")).code).toBe(2);
  });
});
