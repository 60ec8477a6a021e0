/**
 * Session generations as this device holds them: which are known, which it joined, which it sends in
 * (spec/04-session.md). What the others see of one is its signed `generation` statement.
 *
 * known ──join──▶ joined ──own newer copy found──▶ tainted      known: not a member, or the Welcome is not here
 *                   └──heard of by all, newer──▶ erased          tainted: read in it, never send
 */
import { bytes, encode, equalBytes, expectOk, list, oneOf, type SchemaType, struct, uint } from "@photon/protocol/codec";
import { liveLeaves, reduce } from "@photon/protocol/lineage";
import type { Generation } from "@photon/protocol/session";
import {
  idKey,
  type KnownStatement,
  type LeafId,
  leafIdSchema,
  type SideId,
  type Statement,
  type StatementId,
} from "@photon/protocol/statement";
import { setState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { keys } from "./records.ts";
import { type Lineage, lineageOf, liveMembers, presumed, type Relationship, standingOfLeaf } from "./model.ts";

export const generationStatuses = { known: 0, joined: 1, tainted: 2, erased: 3 } as const;
const rowSchema = struct({
  status: [1, oneOf(generationStatuses)],
  since: [2, uint()],
  /** Messages sealed and opened by this device. */
  messages: [3, uint()],
  /** Leaves of which a message was opened. */
  heard: [4, list(leafIdSchema, { max: 20 })],
});
export type GenerationRow = SchemaType<typeof rowSchema>;

export interface GenerationEntry {
  readonly id: string;
  readonly statement: KnownStatement<"generation">;
  row: GenerationRow;
  /** The ratchets; loaded when first used. */
  live: Generation | undefined;
  /** Whether our package for the next one was found to be in it; not kept. */
  introduced?: boolean;
  /** How many leaves had been heard when it was last asked what can be erased; not kept. */
  heardThen?: number;
}

/** Older than this, or with more messages, a new generation is founded before the next message. */
export const healAfter = { ms: 7 * 24 * 3600 * 1000, messages: 1000 } as const;

const at = (part: "row" | "fixed" | "moving", relationship: string, id: string): string => `${part}/${relationship}/${id}`;

export async function loadGenerations(
  work: Work,
  relationship: string,
  statements: readonly Statement[],
): Promise<Map<string, GenerationEntry>> {
  const rows = new Map(
    (await work.list("generation", `row/${relationship}/`)).map((row) => [row.key, parseRow(rowSchema, row.value)]),
  );
  const entries = new Map<string, GenerationEntry>();
  for (const statement of statements) {
    if (statement.type !== "generation") continue;
    const id = idKey(statement.id);
    const row = rows.get(at("row", relationship, id)) ?? { status: "known", since: statement.claimedAt, messages: 0, heard: [] };
    entries.set(id, { id, statement, row, live: undefined });
  }
  return entries;
}

/** Keeps a generation's statement, and its ratchets where we are in it. */
export async function keepGeneration(
  work: Work,
  relationship: Relationship,
  statement: KnownStatement<"generation">,
  live: Generation | undefined,
): Promise<GenerationEntry> {
  const id = idKey(statement.id);
  await setState(work, keys.statement(relationship.id, statement.id), statement.bytes);
  const entry: GenerationEntry = {
    id,
    statement,
    row: { status: live === undefined ? "known" : "joined", since: work.now(), messages: 0, heard: [] },
    live,
  };
  relationship.generations.set(id, entry);
  writeRow(work, relationship, entry);
  if (live !== undefined) {
    const encoded = work.session.encode(live);
    work.put("generation", at("fixed", relationship.id, id), encoded.fixed);
    work.put("generation", at("moving", relationship.id, id), encoded.moving);
  }
  if (live !== undefined) eraseBeyond(work, relationship, maxJoined);
  return entry;
}

/** Of how many generations the ratchets are kept; what is unacknowledged is sealed again in those that stay. */
const maxJoined = 64;

function eraseBeyond(work: Work, relationship: Relationship, count: number): void {
  const held = ordered(relationship).filter(({ row }) => row.status === "joined" || row.status === "tainted");
  for (const entry of held.slice(count)) setStatus(work, relationship, entry, "erased");
}

function writeRow(work: Work, relationship: Relationship, { id, row }: GenerationEntry): void {
  work.putLate("generation", at("row", relationship.id, id), () => encode(rowSchema, row));
}

/** The ratchets of a generation that we are in, or undefined. */
export async function ratchets(work: Work, relationship: Relationship, entry: GenerationEntry): Promise<Generation | undefined> {
  if (entry.row.status !== "joined" && entry.row.status !== "tainted") return undefined;
  if (entry.live === undefined) {
    const fixed = await work.get("generation", at("fixed", relationship.id, entry.id));
    const moving = await work.get("generation", at("moving", relationship.id, entry.id));
    if (fixed === undefined || moving === undefined) throw new Error("a joined generation without its ratchets");
    entry.live = expectOk(work.session.decode({ fixed, moving }));
  }
  return entry.live;
}

/**
 * A message was sealed (by ourselves) or opened (by `sender`): the ratchets moved. They are encoded when the unit commits, so
 * that a batch of messages costs one encoding.
 */
export function advance(work: Work, relationship: Relationship, entry: GenerationEntry, live: Generation, sender: LeafId): void {
  entry.live = live;
  const heard = entry.row.heard.some((leaf) => equalBytes(leaf, sender)) ? entry.row.heard : [...entry.row.heard, sender];
  entry.row = { ...entry.row, messages: entry.row.messages + 1, heard };
  work.putLate("generation", at("moving", relationship.id, entry.id), () => work.session.encode(live).moving);
  writeRow(work, relationship, entry);
}

export function setStatus(work: Work, relationship: Relationship, entry: GenerationEntry, status: "tainted" | "erased"): void {
  entry.row = { ...entry.row, status };
  writeRow(work, relationship, entry);
  if (status === "erased") {
    entry.live = undefined;
    work.delete("generation", at("fixed", relationship.id, entry.id));
    work.delete("generation", at("moving", relationship.id, entry.id));
  }
}

const byNumber = (a: GenerationEntry, b: GenerationEntry): number =>
  b.statement.body.number - a.statement.body.number || (a.id < b.id ? -1 : 1);

/** Highest number first; at one number the smaller id first. */
export const ordered = (relationship: Relationship): readonly GenerationEntry[] =>
  [...relationship.generations.values()].toSorted(byNumber);

const sameIds = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((id, index) => equalBytes(id, b[index] ?? new Uint8Array(0)));

export const hasLiveMembers = (relationship: Relationship, entry: GenerationEntry): boolean =>
  sameIds(entry.statement.body.members, liveMembers(relationship));

/** The latest that we are in, made of exactly the live leaves: the highest number, the smaller id. */
export const latestGeneration = (relationship: Relationship): GenerationEntry | undefined =>
  ordered(relationship).find(
    (entry) => (entry.row.status === "joined" || entry.row.status === "tainted") && hasLiveMembers(relationship, entry),
  );

/**
 * The generation to send in: the latest that we are in. Undefined where that is tainted: the others may have erased those before it,
 * so that what is to be sent needs a new one.
 */
export function sendingGeneration(relationship: Relationship): GenerationEntry | undefined {
  const latest = latestGeneration(relationship);
  return latest?.row.status === "joined" ? latest : undefined;
}

/**
 * Healing needs fresh keys of the others: while nobody else was heard in a generation, a new one would be made of the very
 * same packages. (What stays unacknowledged is sealed again in a new one every 20 days all the same.)
 */
export function needsHealing(work: Work, entry: GenerationEntry, self: LeafId): boolean {
  const heardOthers = entry.row.heard.some((leaf) => !equalBytes(leaf, self));
  return heardOthers && (entry.row.messages >= healAfter.messages || elapsed(entry.row.since, work.now()) > healAfter.ms);
}

/** The latest generations' statements, for a peer who never saw them and has to number what follows. */
export const recentGenerations = (relationship: Relationship): readonly Statement[] =>
  ordered(relationship)
    .slice(0, 48)
    .map(({ statement }) => statement);

/** The statement ids to name as parents of the next generation, and its number. */
export function nextNumber(relationship: Relationship): { readonly number: number; readonly parents: readonly StatementId[] } {
  // From those we were in, where there are any: a number that was only heard of could be anybody's invention.
  const all = ordered(relationship);
  const been = all.filter(({ row }) => row.status !== "known");
  const from = been.length > 0 ? been : all;
  const [top] = from;
  if (top === undefined) return { number: 1, parents: [] };
  const { number } = top.statement.body;
  const parents = from
    .filter((entry) => entry.statement.body.number === number)
    .slice(0, 8)
    .map((entry) => entry.statement.id);
  return { number: number + 1, parents };
}

/**
 * How far a generation whose parents are not here may be above all that we know: what a long absence can have missed, and
 * too little for a peer to use the numbers up.
 */
const maxNumberStep = 1000;
/** Of how many generations the parents may be unknown: a long absence brings one. */
const maxUnlinked = 64;
/** How many generations of one side may come in a day. All ten devices of a side do not found this often. */
const maxPerDay = 200;
const day = 24 * 3600 * 1000;

/** Whether the number is one more than the largest of its parents; where those are not here, whether it is near enough. */
function numberFits(relationship: Relationship, { number, parents }: KnownStatement<"generation">["body"]): boolean {
  const known = parents.map((id) => relationship.generations.get(idKey(id)));
  const highest = known.reduce((largest, parent) => Math.max(largest, parent?.statement.body.number ?? 0), 0);
  if (!known.includes(undefined)) return number === highest + 1;
  const all = [...relationship.generations.values()];
  const unlinked = all.filter(({ statement }) =>
    statement.body.parents.some((id) => !relationship.generations.has(idKey(id))),
  ).length;
  const top = all.reduce((largest, { statement }) => Math.max(largest, statement.body.number), 0);
  return number > highest && number <= top + maxNumberStep && unlinked < maxUnlinked;
}

/** Whether this side has founded so much since yesterday that more has to wait. */
function isFlooding(work: Work, relationship: Relationship, side: SideId): boolean {
  let recent = 0;
  for (const { statement, row } of relationship.generations.values())
    if (row.since > work.now() - day && idKey(statement.side) === idKey(side)) recent += 1;
  return recent >= maxPerDay;
}

/** Whether a generation of which only the statement came may be kept, so that those that follow it can be numbered. */
export function mayLearn(work: Work, relationship: Relationship, statement: KnownStatement<"generation">): boolean {
  const founders = lineageOf(relationship, statement.side);
  return (
    founders !== undefined &&
    !relationship.generations.has(idKey(statement.id)) &&
    standingOfLeaf(relationship, signerLeaf(statement), work.now()) !== "stranger" &&
    numberFits(relationship, statement.body) &&
    !isFlooding(work, relationship, statement.side)
  );
}

/** A generation's signer is a leaf, as every Ed25519 signer of a side may be. */
const signerLeaf = ({ signer }: Statement): LeafId => signer as LeafId;

/**
 * Generations that heirs of a side have founded: made of its presumed leaves and the other side's. One is read in, and only
 * sent in where the person says so.
 */
export function heirGeneration(work: Work, relationship: Relationship): GenerationEntry | undefined {
  const { mine, peer } = relationship;
  if (peer === undefined) return undefined;
  const others = liveLeaves(mine.state).map(({ leaf }) => leaf.id);
  const sets = presumed(peer, work.now()).map(({ state }) =>
    sortedIds([...others, ...liveLeaves(state).map(({ leaf }) => leaf.id)]),
  );
  return ordered(relationship).find(
    (entry) => entry.row.status === "joined" && sets.some((ids) => sameIds(entry.statement.body.members, ids)),
  );
}
const sortedIds = (ids: readonly LeafId[]): readonly LeafId[] => ids.toSorted((a, b) => (idKey(a) < idKey(b) ? -1 : 1));

export type GenerationCheck =
  | { readonly kind: "accept" }
  /** Statements that it builds on are not here yet. */
  | { readonly kind: "wait" }
  | { readonly kind: "refuse"; readonly why: string };

/**
 * Whether a generation that somebody founded is one we take part in. Its members must be exactly the live leaves: those
 * we know now, or those at the heads that it names (its founder could not know what came later; it is read in, and never
 * sent in).
 */
export function checkGeneration(work: Work, relationship: Relationship, statement: KnownStatement<"generation">): GenerationCheck {
  const founders = lineageOf(relationship, statement.side);
  if (founders === undefined) return { kind: "wait" };
  const others = founders === relationship.mine ? relationship.peer : relationship.mine;
  const { body } = statement;
  if (!areComplete(founders, statement.heads)) return { kind: "wait" };
  if (others === undefined && body.peerHeads.length > 0) return { kind: "wait" };
  if (others !== undefined && !areComplete(others, body.peerHeads)) return { kind: "wait" };
  const founder = standingOfLeaf(relationship, signerLeaf(statement), work.now());
  if (founder !== "live" && founder !== "heir") return { kind: "refuse", why: "its founder is not live" };
  const parents = body.parents.map((id) => relationship.generations.get(idKey(id)));
  if (parents.includes(undefined)) return { kind: "wait" };
  if (!numberFits(relationship, body)) return { kind: "refuse", why: "its number skips ahead" };
  if (body.number <= erasedFloor(relationship)) return { kind: "refuse", why: "its number is below the erased floor" };
  const then = [...liveAt(founders, statement.heads), ...(others === undefined ? [] : liveAt(others, body.peerHeads))];
  const expected = sortedIds(then);
  if (!sameIds(body.members, liveMembers(relationship)) && !sameIds(body.members, expected)) {
    return { kind: "refuse", why: "its members are not the live leaves" };
  }
  if (isFlooding(work, relationship, statement.side)) return { kind: "wait" };
  return { kind: "accept" };
}

/** The largest number at which a generation was erased: everything at or below it is over. */
export function erasedFloor(relationship: Relationship): number {
  let floor = 0;
  for (const entry of relationship.generations.values()) {
    if (entry.row.status === "erased") floor = Math.max(floor, entry.statement.body.number);
  }
  return floor;
}

/** Whether all of these statements are here, with everything that they build on. */
const areComplete = (lineage: Lineage, ids: readonly StatementId[]): boolean =>
  ids.every((id) => lineage.statements.has(idKey(id)) && lineage.state.standing.get(idKey(id))?.kind !== "waiting");

function liveAt(lineage: Lineage, heads: readonly StatementId[]): readonly LeafId[] {
  const past = new Map<string, Statement>();
  const next = heads.map((id) => lineage.statements.get(idKey(id)));
  for (let statement = next.pop(); statement !== undefined || next.length > 0; statement = next.pop()) {
    if (statement === undefined || past.has(idKey(statement.id))) continue;
    past.set(idKey(statement.id), statement);
    next.push(...statement.heads.map((id) => lineage.statements.get(idKey(id))));
  }
  const latest = Math.max(0, ...lineage.firstSeen.values());
  // Whoever follows a succession speaks for a side on which it counts.
  const followed = [...past.values()].filter(({ type }) => type === "succeed").map(({ id }) => [idKey(id), "accept"] as const);
  const decisions = new Map([...lineage.decisions, ...followed]);
  return liveLeaves(reduce([...past.values()], lineage.firstSeen, latest, decisions)).map(({ leaf }) => leaf.id);
}

/** Whether a leaf was heard in it for the first time since this was last asked; true at first. */
export function heardMore(entry: GenerationEntry): boolean {
  const before = entry.heardThen;
  entry.heardThen = entry.row.heard.length;
  return before !== entry.heardThen;
}

/**
 * Erases what lies below a generation in which every live leaf was heard: nothing more can come in it that matters.
 * @returns the number up to which all is erased, or undefined if nothing changed.
 */
export function eraseOld(work: Work, relationship: Relationship): number | undefined {
  const members = liveMembers(relationship);
  const heardByAll = ordered(relationship).find(
    (entry) =>
      entry.row.status === "joined" &&
      hasLiveMembers(relationship, entry) &&
      members.every((leaf) => entry.row.heard.some((heard) => idKey(heard) === idKey(leaf))),
  );
  if (heardByAll === undefined) return undefined;
  let erased: number | undefined;
  for (const entry of relationship.generations.values()) {
    if (entry.statement.body.number >= heardByAll.statement.body.number) continue;
    if (entry.row.status === "erased") continue;
    setStatus(work, relationship, entry, "erased");
    erased = Math.max(erased ?? 0, entry.statement.body.number);
  }
  return erased;
}

export const packageRowSchema = struct({ generation: [1, bytes(32)], package: [2, bytes({ max: 8192 })] });
