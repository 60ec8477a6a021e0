/**
 * Migrations: numbered, applied once each in order, together with their record in one transaction. A file written by a newer
 * version is refused, never guessed at.
 */
import {
  type ColumnDefinitionBuilder,
  type CreateTableBuilder,
  type Kysely,
  type RawBuilder,
  type SchemaModule,
  sql,
} from "kysely";

/** What differs between databases in a table's definition. */
export interface TableDialect {
  readonly binary: RawBuilder<unknown>;
  /** No hidden row numbers: they would be a global order of what arrived when. */
  withoutRowNumbers<T extends string, C extends string>(table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C>;
}
export const sqliteTables: TableDialect = {
  binary: sql`blob`,
  withoutRowNumbers: (table) => table.modifyEnd(sql`without rowid`),
};

export interface Migration {
  readonly name: string;
  /** @param db in the migration's transaction, for what has to be carried over. */
  up(schema: SchemaModule, dialect: TableDialect, db: Kysely<unknown>): Promise<void>;
}

export class NewerDatabase extends Error {
  readonly code = "newer-database";
  constructor(role: string) {
    super(`the ${role} database was written by a newer Photon; update Photon before starting it`);
    this.name = "NewerDatabase";
  }
}

/** @throws NewerDatabase when the file knows more migrations than this program. */
export async function migrate<T>(db: Kysely<T>, role: string, migrations: readonly Migration[]): Promise<void> {
  await sql`create table if not exists migration (number integer primary key, name text not null)`.execute(db);
  const applied = (await sql<{ number: number }>`select number from migration order by number`.execute(db)).rows;
  if (applied.length > migrations.length) throw new NewerDatabase(role);
  for (const [index, migration] of migrations.entries()) {
    if (index < applied.length) continue;
    await db.transaction().execute(async (transaction) => {
      await migration.up(transaction.schema, sqliteTables, transaction as unknown as Kysely<unknown>);
      await sql`insert into migration (number, name) values (${index + 1}, ${migration.name})`.execute(transaction);
    });
  }
}

export const notNull = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
