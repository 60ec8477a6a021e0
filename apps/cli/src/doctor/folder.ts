/** The profile's folder: whether it is there, whose it is, who may read it, and whether there is space. */
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { plural } from "../output/time.ts";
import { shown } from "../output/shown.ts";
import { fine, type Finding, problem, warning } from "./finding.ts";

/** Bytes; below this, saving begins to fail. */
const littleSpace = 64 * 1024 * 1024;

export async function examineFolder(folder: string, platform: NodeJS.Platform): Promise<Finding[]> {
  const where = shown(folder);
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined)
    return [problem("folder", `There is no folder ${where}.`, "Run `photon init`, or point PHOTON_HOME at the profile you mean.")];
  if (!info.isDirectory()) return [problem("folder", `${where} is not a folder.`, "Point PHOTON_HOME at the profile you mean.")];
  return [fine("folder", `The profile's folder is ${where}.`), ...(await rights(folder, info, platform)), await space(folder)];
}

async function rights(
  folder: string,
  info: { readonly mode: number; readonly uid: number },
  platform: NodeJS.Platform,
): Promise<Finding[]> {
  if (platform === "win32") return [];
  if (process.getuid !== undefined && info.uid !== process.getuid()) {
    return [
      problem(
        "owner",
        "The profile's folder belongs to another user of this machine.",
        "Run Photon as that user, or `chown` the folder to yourself.",
      ),
    ];
  }
  const open: string[] = [];
  if ((info.mode & 0o077) !== 0) open.push(".");
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await stat(join(folder, entry.name)).catch(() => undefined);
    if (file !== undefined && (file.mode & 0o077) !== 0) open.push(entry.name);
  }
  if (open.length === 0) return [fine("permissions", "Only you can read the folder and what is in it.")];
  const onlyFolder = open.length === 1 && open[0] === ".";
  return onlyFolder
    ? [
        warning(
          "permissions",
          "Others on this machine can list the profile's folder, though not read its files.",
          `Run \`chmod 700 ${shown(folder)}\`.`,
        ),
      ]
    : [
        problem(
          "permissions",
          `Others on this machine can read ${plural(open.length, "file")} of the profile.`,
          `Run \`chmod -R go= ${shown(folder)}\`. If someone may have read them, retire this device from another one.`,
        ),
      ];
}

async function space(folder: string): Promise<Finding> {
  const disk = await statfs(folder);
  const free = disk.bavail * disk.bsize;
  const mebibytes = `${Math.floor(free / 1024 / 1024).toLocaleString("en-GB")} MiB`;
  return free < littleSpace
    ? problem("space", `Only ${mebibytes} are free where the profile is.`, "Free some space; until then nothing new can be kept.")
    : fine("space", `${mebibytes} are free.`);
}
