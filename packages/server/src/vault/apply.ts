/**
 * Applies a group of vault writes in one transaction. Heads are a compare-and-swap on (sequence, hash); nothing that one signs
 * removes what an earlier head needs before its days of grace are over.
 */
import { noHead } from "@photon/protocol/archive";
import { equalBytes } from "@photon/protocol/codec";
import type { Kysely, Transaction } from "kysely";
import type { VaultTables } from "./tables.ts";
import { passDay, today } from "./grace.ts";
import { sweepStep, type VaultLimits, type VaultWrite, type VaultWriteOutcome } from "./writes.ts";

type WriteOf<K extends VaultWrite["kind"]> = Extract<VaultWrite, { kind: K }>;
type Db = Transaction<VaultTables>;

const done: VaultWriteOutcome = { kind: "done" };
const forbidden: VaultWriteOutcome = { kind: "refused", code: "forbidden", detail: "" };
const overQuota: VaultWriteOutcome = { kind: "refused", code: "quota-exceeded", detail: "this register holds all it may" };

export function vaultCommit(
  db: Kysely<VaultTables>,
  limits: VaultLimits,
): (writes: readonly VaultWrite[]) => Promise<readonly VaultWriteOutcome[]> {
  return (writes) =>
    db.transaction().execute(async (transaction) => {
      const day = await today(transaction);
      const outcomes: VaultWriteOutcome[] = [];
      for (const write of writes) outcomes.push(await apply(transaction, limits, day, write));
      return outcomes;
    });
}

async function apply(db: Db, limits: VaultLimits, today: number, write: VaultWrite): Promise<VaultWriteOutcome> {
  switch (write.kind) {
    case "lease":
      return lease(db, limits, today, write);
    case "head":
      return head(db, limits, today, write);
    case "sweep-heads":
      return sweepHeads(db, limits, today);
    case "sweep-leases":
      return sweepLeases(db, limits, today);
    case "new-day":
      await passDay(db, write.day);
      return done;
  }
}

async function lease(db: Db, limits: VaultLimits, today: number, write: WriteOf<"lease">): Promise<VaultWriteOutcome> {
  const { register: id, hash, size } = write;
  const register = await db.selectFrom("register").select(["write_key", "bytes"]).where("id", "=", id).executeTakeFirst();
  if (register === undefined) return forbidden;
  if (!equalBytes(register.write_key, write.provedBy)) return { kind: "stale" };
  const until = today + limits.graceDays;
  const renewed = await db
    .updateTable("lease")
    .set({ until_day: until })
    .where("hash", "=", hash)
    .where("register", "=", id)
    .executeTakeFirst();
  if (renewed.numUpdatedRows > 0n) return done;
  if (register.bytes + size > limits.quotaBytes) return overQuota;
  await db.insertInto("lease").values({ hash, register: id, size, until_day: until }).execute();
  await addBytes(db, id, size);
  return done;
}

async function head(db: Db, limits: VaultLimits, today: number, write: WriteOf<"head">): Promise<VaultWriteOutcome> {
  const { head: next, body, hash } = write;
  const id = next.register;
  const register = await db.selectFrom("register").selectAll().where("id", "=", id).executeTakeFirst();
  if (register !== undefined) {
    if (register.seq === next.seq && equalBytes(register.head_hash, hash)) return { kind: "accepted", seq: next.seq };
    if (!equalBytes(register.write_key, next.writeKey)) return forbidden;
  }
  const current = { seq: register?.seq ?? 0, hash: register?.head_hash ?? noHead };
  if (next.seq !== current.seq + 1 || !equalBytes(next.previous, current.hash)) {
    return { kind: "refused", code: "conflict", detail: `the newest head has sequence number ${current.seq}` };
  }
  if ((register?.bytes ?? 0) + body.length > limits.quotaBytes) return overQuota;
  const missing = await renewLeases(db, id, next.keeps, today + limits.graceDays);
  if (missing > 0) return { kind: "refused", code: "not-found", detail: `${missing} of the blobs it keeps are not here` };
  const row = { id, write_key: next.nextKey ?? next.writeKey, seq: next.seq, head_hash: hash, bytes: register?.bytes ?? 0 };
  if (register === undefined) await db.insertInto("register").values(row).execute();
  else await db.updateTable("register").set(row).where("id", "=", id).execute();
  await addBytes(db, id, body.length);
  await db.updateTable("head").set({ superseded_day: today }).where("register", "=", id).where("seq", "=", current.seq).execute();
  await db.insertInto("head").values({ register: id, seq: next.seq, body, superseded_day: null }).execute();
  for (const kept of next.keeps) {
    await db
      .insertInto("keep")
      .values({ register: id, hash: kept, seq: next.seq })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return { kind: "accepted", seq: next.seq };
}

/** @returns how many of the blobs this register does not hold. */
async function renewLeases(db: Db, register: Uint8Array, hashes: readonly Uint8Array[], until: number): Promise<number> {
  let missing = 0;
  for (const hash of hashes) {
    const renewed = await db
      .updateTable("lease")
      .set({ until_day: until })
      .where("hash", "=", hash)
      .where("register", "=", register)
      .executeTakeFirst();
    if (renewed.numUpdatedRows === 0n) missing += 1;
  }
  return missing;
}

async function addBytes(db: Db, register: Uint8Array, bytes: number): Promise<void> {
  await db
    .updateTable("register")
    .set((columns) => ({ bytes: columns("bytes", "+", bytes) }))
    .where("id", "=", register)
    .execute();
}

/** Forgets superseded heads past their grace, and with them their need of blobs. */
async function sweepHeads(db: Db, limits: VaultLimits, today: number): Promise<VaultWriteOutcome> {
  const past = await db
    .selectFrom("head")
    .select((columns) => ["register", "seq", columns.fn<number>("length", ["body"]).as("size")])
    .where("superseded_day", "<", today - limits.graceDays)
    .limit(sweepStep)
    .execute();
  for (const { register, seq, size } of past) {
    await db.deleteFrom("keep").where("register", "=", register).where("seq", "=", seq).execute();
    await db.deleteFrom("head").where("register", "=", register).where("seq", "=", seq).execute();
    await addBytes(db, register, -size);
  }
  return { kind: "swept", more: past.length === sweepStep, orphans: [] };
}

/** Ends leases past their day that no kept head needs; the others are renewed. */
async function sweepLeases(db: Db, limits: VaultLimits, today: number): Promise<VaultWriteOutcome> {
  const past = await db.selectFrom("lease").selectAll().where("until_day", "<", today).limit(sweepStep).execute();
  const orphans: Uint8Array[] = [];
  for (const { register, hash, size } of past) {
    const needed = await db
      .selectFrom("keep")
      .select("seq")
      .where("register", "=", register)
      .where("hash", "=", hash)
      .limit(1)
      .executeTakeFirst();
    const thisLease = db.updateTable("lease").where("hash", "=", hash).where("register", "=", register);
    if (needed !== undefined) {
      await thisLease.set({ until_day: today + limits.graceDays }).execute();
      continue;
    }
    await db.deleteFrom("lease").where("hash", "=", hash).where("register", "=", register).execute();
    await addBytes(db, register, -size);
    const other = await db.selectFrom("lease").select("register").where("hash", "=", hash).limit(1).executeTakeFirst();
    if (other === undefined) orphans.push(hash);
  }
  return { kind: "swept", more: past.length === sweepStep, orphans };
}
