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
const busyMilliseconds = 5_000;

export interface OpenOptions {
  /** Longest size of the file in pages; for tests of a full disk. */
  readonly maxPages?: number | undefined;
}

/**
 * The one writing connection; creates the file. WAL with synchronous=FULL: a commit that returned has reached the disk.
 * @throws SqliteError when the file cannot be opened, or is no database.
 */
export function openWriter<Tables>(path: string, options: OpenOptions = {}): Kysely<Tables> {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  database.pragma(`cache_size = -${writeCacheKiB}`);
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.pragma(`busy_timeout = ${busyMilliseconds}`);
  // Deleted rows are overwritten where that costs no further writing: what has expired is gone from most of the file as well.
  database.pragma("secure_delete = FAST");
  if (options.maxPages !== undefined) database.pragma(`max_page_count = ${options.maxPages}`);
  return new Kysely({ dialect: new SqliteDialect({ database: withStatementCache(database) }) });
}

/** A connection that sees only what is committed, and never waits for the writer. The file exists. */
export function openReader<Tables>(path: string): Kysely<Tables> {
  const database = new Database(path);
  database.pragma("query_only = ON");
  database.pragma(`cache_size = -${readCacheKiB}`);
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.pragma(`busy_timeout = ${busyMilliseconds}`);
  return new Kysely({ dialect: new SqliteDialect({ database: withStatementCache(database) }) });
}

/** kysely prepares every statement anew; the few that a server uses are worth keeping. */
function withStatementCache(database: Database.Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = kept.get(sql);
      if (known !== undefined) return known;
      const statement = sql === "rollback" ? rollback(database) : database.prepare(sql);
      if (kept.size >= keptStatements) kept.clear();
      kept.set(sql, statement);
      return statement;
    },
  };
}

/** On some failures, a full disk among them, SQLite has rolled back by itself; doing it again would hide the first error. */
function rollback(database: Database.Database): SqliteStatement {
  const statement = database.prepare("rollback");
  return {
    reader: false,
    all: () => [],
    run: (parameters) => (database.inTransaction ? statement.run(parameters) : { changes: 0, lastInsertRowid: 0 }),
    iterate: () => [].values(),
  };
}
