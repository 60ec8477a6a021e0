import { type Bytes, err, ok, type Result, utf8 } from "@photon/protocol/codec";
import { type KeyStore, type Row, type Store, type StoreError, StoreFailure, type Table, tables } from "../../ports/index.ts";
import type { Cipher, CipherSuite } from "./cipher.ts";

/** The row of `meta` that holds the data key, wrapped by the device key. Not visible through the encrypted store. */
const storeKeyRow = "store-key";
const wrapContext = "photon/store-key/v1";

/**
 * A store whose values are encrypted at rest under a random data key, itself wrapped by the device key: so that a value
 * costs no call of the key store. Table and row key are authenticated: a value cannot be passed off as another's. Row keys,
 * versions and lengths stay readable, and whoever can write to the disk can put back an older state.
 *
 * Opening fails with `store-corrupt` if the data key was wrapped by another device key or is gone. A value that does not
 * open makes `get` and `list` throw a `StoreFailure`.
 */
export async function openEncryptedStore(inner: Store, keys: KeyStore, suite: CipherSuite): Promise<Result<Store, StoreError>> {
  await keys.open();
  let wrapped = await inner.get("meta", storeKeyRow);
  if (wrapped === undefined) {
    const created = await createDataKey(inner, keys, suite);
    if (!created.ok) return created;
    wrapped = created.value;
  }
  const key = await keys.unwrap(wrapped.value, wrapContext);
  if (!key.ok) {
    return err({ code: "store-corrupt", detail: "the profile was encrypted by another device key, or its data key is damaged" });
  }
  return ok(storeOver(inner, await suite.cipher(key.value)));
}

async function createDataKey(inner: Store, keys: KeyStore, suite: CipherSuite): Promise<Result<Row, StoreError>> {
  for (const table of tables) {
    // A fresh key over old rows would lock them up for good and look like an empty profile.
    if ((await inner.list(table, { limit: 1 })).length > 0) {
      return err({ code: "store-corrupt", detail: "the profile's data key is missing" });
    }
  }
  const value = await keys.wrap(suite.newKey(), wrapContext);
  const write = { table: "meta", key: storeKeyRow, value } as const;
  const committed = await inner.commit([write], [{ table: "meta", key: storeKeyRow, version: 0 }]);
  if (!committed.ok && committed.error.code !== "version-conflict") return committed;
  const row = await inner.get("meta", storeKeyRow);
  return row === undefined ? err({ code: "store-corrupt", detail: "the profile's data key did not last" }) : ok(row);
}

const contextOf = (table: Table, key: string): Bytes => utf8(`photon/store/v1\0${table}\0${key}`);
const isReserved = (table: Table, key: string): boolean => table === "meta" && key === storeKeyRow;

function storeOver(inner: Store, cipher: Cipher): Store {
  const opened = async (table: Table, row: Row): Promise<Row> => {
    const value = await cipher.open(row.value, contextOf(table, row.key));
    if (value === undefined) {
      throw new StoreFailure({ code: "store-corrupt", detail: `a row of the table ${table} does not open` });
    }
    return { ...row, value };
  };
  // Sealing takes its time: commits are kept in the order in which they were asked for.
  let previous: Promise<unknown> = Promise.resolve();

  return {
    get: async (table, key) => {
      if (isReserved(table, key)) return undefined;
      const row = await inner.get(table, key);
      return row === undefined ? undefined : opened(table, row);
    },
    list: async (table, query = {}) => {
      // One more than asked for, where the reserved row may take a place.
      const spare = table === "meta" && query.limit !== undefined ? { limit: query.limit + 1 } : {};
      const rows = (await inner.list(table, { ...query, ...spare })).filter((row) => !isReserved(table, row.key));
      return Promise.all(rows.slice(0, query.limit).map((row) => opened(table, row)));
    },
    commit: (writes, expected = []) => {
      const commit = async (): Promise<Result<void, StoreError>> => {
        for (const { table, key } of [...writes, ...expected]) {
          if (isReserved(table, key)) throw new Error(`the row ${key} of the table ${table} is the store's own`);
        }
        const sealed = await Promise.all(
          writes.map(async (write) => {
            const { table, key, value } = write;
            return value === undefined ? write : { ...write, value: await cipher.seal(value, contextOf(table, key)) };
          }),
        );
        return inner.commit(sealed, expected);
      };
      const turn = previous.then(commit, commit);
      previous = turn.catch(() => undefined);
      return turn;
    },
    close: async () => {
      await previous;
      await inner.close();
    },
  };
}
