/** What a background service is to do, and where its files go on this system. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { err, ok, type Result } from "@photon/protocol/codec";
import { cliError, type Failure } from "../failure.ts";
import { defaultHome } from "../home.ts";
import type { World } from "../world.ts";
import { launchAgent } from "./launchd.ts";
import { systemdUnits } from "./systemd.ts";

export interface ServicePlan {
  /** Of the units; one per profile. */
  readonly name: string;
  readonly self: readonly string[];
  /** Absolute path of the profile's folder. */
  readonly home: string;
  readonly mode: "sync" | "watch";
  /** Between two syncs. */
  readonly minutes: number;
}

export interface ServiceFiles {
  readonly manager: "systemd" | "launchd";
  readonly folder: string;
  /** Name to content. */
  readonly files: Readonly<Record<string, string>>;
  /** What is started and stopped. */
  readonly unit: string;
  /** Every file that any mode installs, for uninstalling. */
  readonly all: readonly string[];
}

export function serviceFiles(world: World, mode: "sync" | "watch", minutes: number): Result<ServiceFiles, Failure> {
  const home = world.home.folder;
  const own = home === defaultHome(world.env) ? "" : `-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`;
  if (world.platform === "linux") {
    const name = `photon${own}`;
    const files = systemdUnits({ name, self: world.self, home, mode, minutes });
    const config = world.env["XDG_CONFIG_HOME"] ?? "";
    const folder = join(config.startsWith("/") ? config : join(world.env["HOME"] ?? homedir(), ".config"), "systemd", "user");
    const all = [`${name}.service`, `${name}.timer`];
    return ok({ manager: "systemd", folder, files, unit: mode === "watch" ? `${name}.service` : `${name}.timer`, all });
  }
  if (world.platform === "darwin") {
    const name = `org.photon.sync${own}`;
    const folder = join(world.env["HOME"] ?? homedir(), "Library", "LaunchAgents");
    return ok({
      manager: "launchd",
      folder,
      files: launchAgent({ name, self: world.self, home, mode, minutes }),
      unit: name,
      all: [`${name}.plist`],
    });
  }
  return err(
    cliError(
      "not-supported",
      `Photon sets up no service on ${world.platform}`,
      "Have your system run `photon sync` every ten minutes.",
    ),
  );
}
