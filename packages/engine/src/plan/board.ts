/**
 * The plan queue as the engine reads and writes it: a board at one or two operators, whose entries are kept, with the time at
 * which this circle first saw them, until the plan is forgotten. See spec/12-recovery.md.
 */
import { type Bytes, bytes, encode, equalBytes, ok, type Result, struct, toHex, uint } from "@photon/protocol/codec";
import { appendMac, openDeposit, sealDeposit, signRead } from "@photon/protocol/queue";
import {
  type Author,
  type Entry,
  type EntryBody,
  type PlanName,
  readEntry,
  requestDigest,
  requestIn,
  type Sighting,
  signEntry,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { decodeFirstSeen, encodeFirstSeen, getState, listState, setState } from "../circle/state.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import type { PhotonError } from "../errors.ts";
import type { DealtPlan } from "./records.ts";
import { parseRow, type Work } from "../storage/core.ts";

/** One operator's copy, with what is needed to read it and to write to it. */
export interface Board {
  readonly relay: string;
  readonly receiveId: Bytes;
  readonly sendId: Bytes;
  readonly readSeed: Bytes;
  readonly sealKey: Bytes;
  /** The writer's own. */
  readonly writeKey: Bytes;
}

export interface Boards extends PlanName {
  readonly dealerKey: Bytes;
  readonly boards: readonly Board[];
}

/** A plan's queue as its owner's devices hold it, and who they are there. */
export const ownBoards = ({ plan, dealt }: DealtPlan): Boards => ({
  plan: plan.plan,
  version: plan.version,
  dealerKey: dealt.dealerKey,
  boards: dealt.boards,
});
export const deviceAuthor = ({ dealt }: DealtPlan): Author => ({
  signer: ed25519Signer(dealt.deviceSeed),
  role: "device",
  certificate: dealt.deviceCertificate,
});

const entriesPerRead = 256;
const maxRounds = 64;
/** Entries of one author that are kept: nobody says more in the life of a plan, and nobody fills up what others need. */
const maxKept = 512;
/** Requests that one trustee approves: each begins a case that everybody is shown. */
const maxApproved = 32;

const prefixOf = ({ plan, version }: PlanName): string => `${toHex(plan).slice(0, 16)}-${version}`;
const rowSchema = struct({ entry: [1, bytes({ min: 1, max: 66_000 })] });
const cursorSchema = uint();

export interface BoardReading {
  /** For each operator, whether it could be read to its end just now. */
  readonly operators: readonly boolean[];
  readonly problems: readonly PhotonError[];
}

/** Reads what is new at every operator, and keeps what is good. Whoever cannot be reached is only said. */
export async function readBoards(work: Work, boards: Boards): Promise<BoardReading> {
  const operators: boolean[] = [];
  const problems: PhotonError[] = [];
  const held = new Held(work, boards);
  for (const board of boards.boards) {
    const read = await readBoard(work, held, board);
    operators.push(read.ok);
    if (!read.ok) problems.push(read.error);
  }
  if (held.hasToReadAgain()) {
    readAnew(work, boards);
    return readBoards(work, boards);
  }
  await held.forgetOldPins();
  return { operators, problems };
}

/** Lets the next reading begin where each board does. */
function readAnew(work: Work, { boards }: Boards): void {
  for (const board of boards) work.write("cursor", cursorOf(board), cursorSchema, 0);
}

const cursorOf = ({ receiveId }: Board): string => `board/${toHex(receiveId)}`;

async function readBoard(work: Work, held: Held, board: Board): Promise<Result<void, PhotonError>> {
  const cursor = cursorOf(board);
  let after = (await work.read("cursor", cursor, cursorSchema)) ?? 0;
  for (let round = 0; round < maxRounds; round++) {
    const from = after;
    const request = signRead(board.readSeed, { receiveId: board.receiveId, after, limit: entriesPerRead });
    const answer = await work.ports.transport.call(board.relay, "read", [request]);
    if (!answer.ok) return { ok: false, error: relayProblem(board.relay, answer.error) };
    const [result] = answer.value.value;
    if (result === undefined || result.kind === "refused")
      return unread(board, `a plan queue cannot be read (${result?.value ?? "no answer"})`);
    const { entries, last, gone } = result.value;
    // A relay that shows less than it had is read again from its beginning: entries are kept under their own ids.
    if (last < after) {
      after = 0;
      continue;
    }
    for (const { seq, body } of entries) {
      const opened = openDeposit([board.sealKey], body);
      if (opened.ok) await held.keep(opened.value);
      after = Math.max(after, seq);
    }
    if (after !== from) work.write("cursor", cursor, cursorSchema, after);
    if (after >= last || last <= gone) return ok(undefined);
    // What is withheld may be an objection: an operator that shows fewer entries than it has was not read.
    if (entries.length === 0) return unread(board, "a plan queue is shown with a gap");
  }
  return unread(board, "a plan queue has no end");
}

const unread = ({ relay }: Board, detail: string): { readonly ok: false; readonly error: PhotonError } => ({
  ok: false,
  error: relayProblem(relay, { code: "refused", refusal: "internal", detail, retryAfter: undefined }),
});

/** What is held of a plan's queue: looked up when the first entry comes, and kept up to date while more do. */
class Held {
  readonly #work: Work;
  readonly #name: Boards;
  /** Where any entry came, be it a known one. */
  #sightings: Sighting[] | undefined;
  /** Whether a request was approved that nobody had approved before. */
  #isApprovedAnew = false;

  constructor(work: Work, name: Boards) {
    this.#work = work;
    this.#name = name;
  }

  /** @returns whether it was new, and is kept. */
  async keep(received: Bytes): Promise<boolean> {
    const read = readEntry(received, this.#name, this.#name.dealerKey);
    if (!read.ok) return false;
    const entry = read.value;
    const id = this.#idOf(entry);
    this.#sightings ??= [...(await sightings(this.#work, this.#name))];
    if (this.#sightings.some((one) => equalBytes(one.entry.id, entry.id))) return false;
    if (!isWorthKeeping(entry, this.#sightings)) return false;
    if (entry.body.kind === "approve") {
      const digest = requestDigest(entry.body.value.request);
      this.#isApprovedAnew ||= !this.#sightings.some((one) => isApproved(one.entry, digest));
    }
    const firstSeen = this.#work.now();
    await setState(this.#work, `board/${id}`, encode(rowSchema, { entry: received }));
    await setState(this.#work, `bseen/${id}`, encodeFirstSeen(firstSeen));
    this.#sightings.push({ entry, firstSeen });
    return true;
  }

  /**
   * Whether what was passed over, since its author had said so much and nobody had approved the request that it is about, may be worth
   * keeping now that somebody has.
   */
  hasToReadAgain(): boolean {
    if (!this.#isApprovedAnew) return false;
    const counts = new Map<string, number>();
    for (const { entry } of this.#sightings ?? []) {
      if (entry.role === "trustee") continue;
      const author = toHex(entry.author);
      counts.set(author, (counts.get(author) ?? 0) + 1);
    }
    return [...counts.values()].some((count) => count >= maxKept);
  }

  /**
   * A device pins the archive's head once a day, for years: of each register the first pin, which says since when there has been one,
   * and the newest are kept. Where nothing came there is nothing to do.
   */
  async forgetOldPins(): Promise<void> {
    const pins = new Map<string, { readonly id: string; readonly sequence: number; readonly firstSeen: number }[]>();
    for (const { entry, firstSeen } of this.#sightings ?? []) {
      if (entry.body.kind !== "pin") continue;
      const { vault, register, sequence } = entry.body.value;
      const key = `${vault} ${toHex(register)} ${toHex(entry.author)}`;
      pins.set(key, [...(pins.get(key) ?? []), { id: this.#idOf(entry), sequence, firstSeen }]);
    }
    for (const some of pins.values()) {
      if (some.length <= maxPins) continue;
      const [first] = some.toSorted((a, b) => a.firstSeen - b.firstSeen);
      const newest = some.toSorted((a, b) => b.sequence - a.sequence)[0];
      for (const pin of some) {
        if (pin === first || pin === newest) continue;
        await setState(this.#work, `board/${pin.id}`, undefined);
        await setState(this.#work, `bseen/${pin.id}`, undefined);
      }
    }
    this.#sightings = undefined;
  }

  #idOf({ id }: Entry): string {
    return `${prefixOf(this.#name)}/${toHex(id)}`;
  }
}

function isWorthKeeping({ author, body }: Entry, held: readonly Sighting[]): boolean {
  const own = held.filter((one) => equalBytes(one.entry.author, author));
  if (body.kind === "contest" || body.kind === "press") {
    const { request } = body.value;
    // The first counts. All devices are one author here, and all trustees are: one that means ill must not fill up what another needs.
    const isSame = ({ body: said }: Entry): boolean => said.kind === body.kind && equalBytes(said.value.request, request);
    if (own.some(({ entry }) => isSame(entry))) return false;
    return own.length < maxKept || held.some((one) => isApproved(one.entry, request));
  }
  if (own.length >= maxKept) return false;
  if (body.kind === "approve") {
    const approved = new Set(
      own.flatMap(({ entry }) => (entry.body.kind === "approve" ? [toHex(requestDigest(entry.body.value.request))] : [])),
    );
    return approved.has(toHex(requestDigest(body.value.request))) || approved.size < maxApproved;
  }
  // Nobody certifies who asks; so that not anybody can ask for signatures, a trustee must have approved their request before.
  return body.kind !== "batch" || held.some((one) => asks(one.entry, author) && isApproved(one.entry, body.value.request));
}

const maxPins = 8;

const asks = ({ body }: Entry, key: Bytes): boolean => {
  const request = body.kind === "approve" ? requestIn(body.value) : undefined;
  return request?.ok === true && equalBytes(request.value.request.signKey, key);
};

const isApproved = ({ body }: Entry, request: Bytes): boolean =>
  body.kind === "approve" && equalBytes(requestDigest(body.value.request), request);

/** What this circle has seen of a plan queue. */
export async function sightings(work: Work, name: PlanName & { readonly dealerKey: Bytes }): Promise<readonly Sighting[]> {
  const found: Sighting[] = [];
  for (const { key, value } of await listState(work, `board/${prefixOf(name)}/`)) {
    const entry = readEntry(parseRow(rowSchema, value).entry, name, name.dealerKey);
    const seen = await getState(work, key.replace("board/", "bseen/"));
    if (entry.ok) found.push({ entry: entry.value, firstSeen: seen === undefined ? work.now() : decodeFirstSeen(seen) });
  }
  return found;
}

/** Forgets a plan's entries. */
export async function forgetBoards(work: Work, name: PlanName): Promise<void> {
  for (const prefix of ["board", "bseen"])
    for (const { key } of await listState(work, `${prefix}/${prefixOf(name)}/`)) await setState(work, key, undefined);
}

const postSchema = struct({
  plan: [1, bytes(32)],
  version: [2, uint()],
  board: [3, uint({ max: 1 })],
  append: [4, bytes(16)],
  body: [5, bytes({ max: 65_536 })],
});

/** Signs an entry, and lays it down as `layEntry` does. @returns its bytes. */
export async function postEntry(work: Work, name: Boards, author: Author, body: EntryBody): Promise<Bytes> {
  const entry = await signEntry(name, author, work.now(), body);
  if (!readEntry(entry, name, name.dealerKey).ok) throw new Error("an entry of ours that is none");
  await layEntry(work, name, entry);
  return entry;
}

/**
 * Keeps an entry, its own or one that came by another way, as seen, and lays it down at every operator: kept until each has it, and
 * tried by every pass. In the caller's unit.
 */
export async function layEntry(work: Work, name: Boards, entry: Bytes): Promise<void> {
  const held = new Held(work, name);
  await held.keep(entry);
  if (held.hasToReadAgain()) readAnew(work, name);
  // Where the devices' portion of the board is full, none of it comes back to be read.
  await held.forgetOldPins();
  await layDown(work, name, entry);
}

/** As `layEntry`, where it is new and worth keeping: whoever says it again and again makes nobody else say it. */
export async function passEntryOn(work: Work, name: Boards, entry: Bytes): Promise<void> {
  if (await new Held(work, name).keep(entry)) await layDown(work, name, entry);
}

async function layDown(work: Work, name: Boards, entry: Bytes): Promise<void> {
  for (const [index, board] of name.boards.entries()) {
    const sealed = sealDeposit(board.sealKey, entry, work.random(24));
    if (!sealed.ok) throw new Error(`an entry that fits no deposit: ${sealed.error.detail}`);
    const append = work.random(16);
    work.write("outbox", `b/${prefixOf(name)}/${toHex(append)}`, postSchema, {
      ...name,
      board: index,
      append,
      body: sealed.value,
    } as const);
  }
}

/** Lays down what is still to be laid down. @returns how many could not be, and why. */
export async function flushBoards(
  work: Work,
  name: Boards,
): Promise<{ readonly pending: number; readonly problems: readonly PhotonError[] }> {
  const problems: PhotonError[] = [];
  let pending = 0;
  for (const { key, value } of await work.list("outbox", `b/${prefixOf(name)}/`)) {
    const { board: index, append: appendId, body } = parseRow(postSchema, value);
    const board = name.boards[index];
    if (board === undefined) {
      work.delete("outbox", key);
      continue;
    }
    const unproved = { sendId: board.sendId, appendId, body };
    const answer = await work.ports.transport.call(board.relay, "append", {
      ...unproved,
      mac: appendMac(board.writeKey, unproved),
    });
    if (answer.ok) work.delete("outbox", key);
    else {
      pending += 1;
      problems.push(relayProblem(board.relay, answer.error));
    }
  }
  return { pending, problems };
}
