/** What a server has on its disk, read without it: every row of both databases by SQL, every blob, every other file. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { asBytes, type Bytes } from "@photon/protocol/codec";
import Database from "better-sqlite3";

export interface Row {
  /** Such as "relay.sqlite/queue". */
  readonly table: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

const databases = ["relay.sqlite", "vault.sqlite"] as const;

export function everyRow(data: string): readonly Row[] {
  const rows: Row[] = [];
  for (const file of databases) {
    const database = new Database(join(data, file), { readonly: true });
    try {
      const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as readonly { name: string }[];
      for (const { name } of tables) {
        const found = database.prepare(`select * from "${name}"`).all() as readonly Record<string, unknown>[];
        for (const columns of found) rows.push({ table: `${file}/${name}`, columns });
      }
    } finally {
      database.close();
    }
  }
  return rows;
}

/** The bodies of all entries that lie at the relay, whosever they are. */
export async function everyStoredBody(data: string): Promise<readonly { readonly queue: Bytes; readonly body: Bytes }[]> {
  return everyRow(data)
    .filter(({ table }) => table === "relay.sqlite/parcel")
    .flatMap(({ columns }) => {
      const [queue, bodies, size] = [bytesOf(columns["queue"]), bytesOf(columns["bodies"]), Number(columns["size"])];
      return Array.from({ length: bodies.length / size }, (_, at) => ({ queue, body: bodies.slice(at * size, (at + 1) * size) }));
    });
}

/** Every file under the server's folder, the databases' own included. */
export async function everyFile(data: string): Promise<readonly { readonly path: string; readonly content: Bytes }[]> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (file) => ({ path: relative(data, file), content: asBytes(new Uint8Array(await readFile(file))) })),
  );
}

export const everyBlob = async (data: string): Promise<readonly Bytes[]> =>
  (await everyFile(data)).filter(({ path }) => /[0-9a-f]{64}$/u.test(path)).map(({ content }) => content);

export function bytesOf(value: unknown): Bytes {
  if (value instanceof Uint8Array) return asBytes(new Uint8Array(value));
  throw new Error("a column without bytes");
}
