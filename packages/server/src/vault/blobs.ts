/** Where blobs lie: a small port, and its first backend, files in a folder. */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromHex, toHex } from "@photon/protocol/codec";

export interface Blobs {
  /** Resolves once the blob and its name are on the disk. */
  put(hash: Uint8Array, body: Uint8Array): Promise<void>;
  /** Whatever lies under the name, not yet compared with it. */
  get(hash: Uint8Array): Promise<Uint8Array | undefined>;
  remove(hash: Uint8Array): Promise<void>;
  /** The blobs whose first byte is `first`. */
  list(first: number): Promise<readonly Uint8Array[]>;
}

const isMissing = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";

/** One file a blob, named by its hash, in 256 folders by its first byte. */
export function fileBlobs(folder: string): Blobs {
  // Part of the name while a blob is being written: what another run left unfinished can be told from what is under way.
  const run = randomBytes(8).toString("hex");
  let written = 0;
  const folderOf = (first: number): string => join(folder, toHex(Uint8Array.of(first)));
  const pathOf = (hash: Uint8Array): string => join(folderOf(hash[0] ?? 0), toHex(hash));
  return {
    put: async (hash, body) => {
      const path = pathOf(hash);
      const parent = dirname(path);
      if ((await mkdir(parent, { recursive: true })) !== undefined) await syncFolder(folder);
      written += 1;
      const temporary = `${path}.${run}-${written}.part`;
      try {
        await writeDurably(temporary, body);
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(parent);
    },
    get: async (hash) => {
      try {
        return await readFile(pathOf(hash));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    remove: async (hash) => {
      await rm(pathOf(hash), { force: true });
    },
    list: async (first) => {
      let names: readonly string[];
      try {
        names = await readdir(folderOf(first));
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
      const hashes: Uint8Array[] = [];
      for (const name of names) {
        const hash = name.length === 64 ? fromHex(name) : undefined;
        if (hash !== undefined) hashes.push(hash);
        else if (name.endsWith(".part") && !name.includes(run)) await rm(join(folderOf(first), name), { force: true });
      }
      return hashes;
    },
  };
}

async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  await closing(file, async () => {
    await file.writeFile(body);
    await file.sync();
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await closing(folder, () => folder.sync());
}

async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}
