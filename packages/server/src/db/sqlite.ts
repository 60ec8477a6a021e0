/**
 * SQLite behind kysely. Everything above speaks kysely, so that the same statements run on PostgreSQL; what is peculiar to
 * SQLite (pragmas, statement cache, error codes) stays in this folder.
 */
import Database from "better-sqlite3";
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";

/** Prepared statements kept per connection; the program has fewer distinct ones. */
const keptStatements = 256;
const mappedBytes = 1024 * 1024 * 1024;
const writeCacheKiB = 65_536;
const readCacheKiB = 16_384;
/** Pages in the log before it is copied into the file: 32 MiB, so that pages written often are copied once. */
const checkpointPages = 8_192;

export interface OpenOptions {
  /** Longest size of the file in pages; for tests of a full disk. */
  readonly maxPages?: number | undefined;
}

/** One writing and one reading connection to the same file: readers see only what is committed and never wait. */
export interface Store<Tables> {
  readonly writer: Kysely<Tables>;
  readonly reader: Kysely<Tables>;
  close(): Promise<void>;
}

/**
 * Opens or creates the file. WAL with synchronous=FULL: a commit that returned has reached the disk.
 * @throws SqliteError when the file cannot be opened, or is no database.
 */
export function openStore<Tables>(path: string, options: OpenOptions = {}): Store<Tables> {
  const writing = new Database(path);
  writing.pragma("journal_mode = WAL");
  writing.pragma("synchronous = FULL");
  writing.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  writing.pragma(`cache_size = -${writeCacheKiB}`);
  writing.pragma(`mmap_size = ${mappedBytes}`);
  writing.pragma("busy_timeout = 5000");
  // Deleted rows are overwritten: what has expired is gone from the file as well.
  writing.pragma("secure_delete = FAST");
  if (options.maxPages !== undefined) writing.pragma(`max_page_count = ${options.maxPages}`);
  const reading = new Database(path);
  reading.pragma("query_only = ON");
  reading.pragma(`cache_size = -${readCacheKiB}`);
  reading.pragma(`mmap_size = ${mappedBytes}`);
  reading.pragma("busy_timeout = 5000");
  const writer = new Kysely<Tables>({ dialect: new SqliteDialect({ database: withStatementCache(writing) }) });
  const reader = new Kysely<Tables>({ dialect: new SqliteDialect({ database: withStatementCache(reading) }) });
  return {
    writer,
    reader,
    close: () => {
      reading.close();
      writing.close();
      return Promise.resolve();
    },
  };
}

/** kysely prepares every statement anew; the few that a server uses are worth keeping. */
function withStatementCache(database: Database.Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = kept.get(sql);
      if (known !== undefined) return known;
      const statement = database.prepare<unknown[]>(sql);
      if (kept.size >= keptStatements) kept.clear();
      kept.set(sql, statement);
      return statement;
    },
  };
}
