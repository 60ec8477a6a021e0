/** Where things are on this machine: the XDG base directories, and PHOTON_HOME before them. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "./world.ts";

/** XDG wants absolute paths and says that others are to be ignored. */
const absolute = (path: string | undefined): string | undefined => (path?.startsWith("/") === true ? path : undefined);

const dataHome = (env: Environment): string =>
  absolute(env["XDG_DATA_HOME"]) ?? join(absolute(env["HOME"]) ?? homedir(), ".local", "share");

export const defaultHome = (env: Environment): string => join(dataHome(env), "photon");

/** The profile's folder. */
export function profileFolder(env: Environment): string {
  const said = env["PHOTON_HOME"] ?? "";
  return said === "" ? defaultHome(env) : resolve(said);
}

/** Where `photon serve` keeps its data unless told otherwise. */
export const serverFolder = (env: Environment): string => join(dataHome(env), "photon-server");
