/**
 * All small lineages, in an abstract form: each once up to the names of leaves, and to the order in which independent
 * statements are listed.
 *
 * Statement 0 is the `found` by leaf 0, whose plan lists one admission key and commits to two recovery keys. Each further
 * statement follows any set of earlier ones of which none is in another's past, is signed by a leaf that some statement in
 * its past brings in or by the admission key, and admits a new leaf, admits a known leaf, retires a known leaf (trusting all
 * that it follows, or nothing), or, as the last one, moves the inbox. With recoveries, a recovery key signs successions, each
 * with a new leaf, of the first epoch or, where it follows one, of the second, for one request or another; and leaves
 * contest the requests.
 */
import { equalBytes } from "@photon/protocol/codec";
import type { LineageState } from "@photon/protocol/lineage";
import { idKey, type Statement } from "@photon/protocol/statement";
import {
  day,
  escrowPlan,
  inboxNamed,
  keyOf,
  leafId,
  leafOf,
  onDevice,
  requestNamed,
  Side,
  statementOf,
  successionBody,
  trusteePlan,
} from "./builder.ts";

export const keySigner = -1;
const recoverySigner = -2;

export interface Small {
  readonly kind: "found" | "admit" | "retire" | "move" | "succeed" | "contest";
  /** A leaf's number, `keySigner`, or of a `succeed` `recoverySigner`. */
  readonly signer: number;
  /** The leaf admitted, brought in or retired; -1 for none. */
  readonly target: number;
  /** Of a `succeed`; 0 for others. */
  readonly epoch: number;
  readonly threshold: number;
  /** Of a `succeed` or `contest`; 0 for others. */
  readonly request: number;
  /** Bit sets of statement numbers. `past` holds the heads and all their ancestors. */
  readonly heads: number;
  readonly past: number;
  /** What a retire trusts: heads, all in its past. */
  readonly trusted: number;
  readonly depth: number;
}

export const bitsOf = (set: number): number[] => {
  const out: number[] = [];
  for (let at = 0; set >>> at !== 0; at++) if ((set >>> at) & 1) out.push(at);
  return out;
};

const ordinary = { epoch: 0, threshold: 0, request: 0 };
const root: Small = { kind: "found", signer: 0, target: 0, heads: 0, past: 0, trusted: 0, depth: 0, ...ordinary };

/** How many statements and, at most, leaves; and whether there are successions and contests among them. */
export interface Bounds {
  readonly size: number;
  readonly leaves: number;
  readonly recoveries: boolean;
}

/** All lineages of exactly that size. The list given out is reused: copy what you keep. */
export function* smallLineages(bounds: Bounds): Generator<readonly Small[]> {
  if (bounds.size === 1) yield [root];
  else for (const beginning of smallBeginnings(bounds)) yield* endings(beginning, bounds);
}

/** All but the last statement of each. The list given out is reused. */
export function* smallBeginnings(bounds: Bounds): Generator<readonly Small[]> {
  const list = [root];
  function* extend(): Generator<readonly Small[]> {
    if (list.length === bounds.size - 1) yield list;
    else {
      for (const next of extensions(list, bounds)) {
        list.push(next);
        yield* extend();
        list.pop();
      }
    }
  }
  yield* extend();
}

/** The lineages with that beginning. */
export function* endings(beginning: readonly Small[], bounds: Bounds): Generator<readonly Small[]> {
  for (const last of extensions(beginning, bounds)) yield [...beginning, last];
}

/** One of them, each step drawn among those possible by `below`, which gives a number from 0 to below its argument. */
export function drawnLineage(bounds: Bounds, below: (limit: number) => number): readonly Small[] {
  const list = [root];
  while (list.length < bounds.size) {
    const next = [...extensions(list, bounds)];
    const drawn = next[below(next.length)];
    if (drawn === undefined) throw new Error("nothing follows");
    list.push(drawn);
  }
  return list;
}

/** Every statement that may come next. Independent ones come in one order: by depth, new leaves first, then by contents. */
function* extensions(list: readonly Small[], { size, leaves, recoveries }: Bounds): Generator<Small> {
  const previous = list[list.length - 1] ?? root;
  const named = Math.max(...list.map((one) => one.target + 1));
  const before = namedBefore(list);
  for (const place of placesAfter(list)) {
    if (place.depth < previous.depth) continue;
    const ordinaryOnes = statementsAt(list, place, named, leaves, list.length === size - 1);
    for (const next of recoveries ? [...ordinaryOnes, ...recoveriesAt(list, place, named, leaves)] : ordinaryOnes) {
      if (place.depth > previous.depth || orderOf(next, named) >= orderOf(previous, before)) yield next;
    }
  }
}

const namedBefore = (list: readonly Small[]): number => Math.max(...list.slice(0, -1).map((one) => one.target + 1), 1);

function orderOf(one: Small, named: number): number {
  const isNew = (one.kind === "admit" || one.kind === "succeed") && one.target === named;
  const kind = { found: 0, admit: 1, retire: 2, move: 3, succeed: 4, contest: 5 }[one.kind];
  const content =
    (((one.heads * 8 + one.signer + 2) * 8 + kind) * 8 + (isNew ? 0 : one.target + 1)) * 2 + (one.trusted === 0 ? 0 : 1);
  const recovery = (one.epoch * 2 + one.threshold) * 2 + one.request;
  return (isNew ? content : content + 1e7) * 16 + recovery;
}

interface Place {
  readonly heads: number;
  readonly past: number;
  readonly depth: number;
}

/** Every set of earlier statements of which none is in the past of another. */
function placesAfter(list: readonly Small[]): Place[] {
  const out: Place[] = [];
  for (let heads = 1; heads < 1 << list.length; heads++) {
    let past = 0;
    let depth = 0;
    for (const at of bitsOf(heads)) {
      past |= list[at]?.past ?? 0;
      depth = Math.max(depth, (list[at]?.depth ?? 0) + 1);
    }
    if ((past & heads) === 0) out.push({ heads, past: past | heads, depth });
  }
  return out;
}

function* statementsAt(list: readonly Small[], place: Place, named: number, leaves: number, isLast: boolean): Generator<Small> {
  const signers = new Set([keySigner]);
  for (const at of bitsOf(place.past)) {
    const one = list[at];
    if (one?.kind === "found" || one?.kind === "admit" || one?.kind === "succeed") signers.add(one.target);
  }
  for (const signer of signers) {
    for (let target = 0; target <= Math.min(named, leaves - 1); target++) {
      yield { kind: "admit", signer, target, trusted: 0, ...place, ...ordinary };
      if (target === named) continue;
      yield { kind: "retire", signer, target, trusted: 0, ...place, ...ordinary };
      yield { kind: "retire", signer, target, trusted: place.heads, ...place, ...ordinary };
    }
    if (isLast && signer !== keySigner) yield { kind: "move", signer, target: -1, trusted: 0, ...place, ...ordinary };
  }
}

function* recoveriesAt(list: readonly Small[], place: Place, named: number, leaves: number): Generator<Small> {
  const requests = list.some(({ kind }) => kind === "succeed") ? [0, 1] : [0];
  const past = bitsOf(place.past).map((at) => list[at]);
  const epochs = past.some((one) => one?.kind === "succeed") ? [1, 2] : [1];
  const at = { ...place, trusted: 0 };
  for (const request of requests) {
    for (const epoch of named < leaves ? epochs : []) {
      for (const threshold of [0, 1])
        yield { kind: "succeed", signer: recoverySigner, target: named, epoch, threshold, request, ...at };
    }
    for (const one of past) {
      if (one?.kind !== "found" && one?.kind !== "admit" && one?.kind !== "succeed") continue;
      yield { kind: "contest", signer: one.target, target: -1, epoch: 0, threshold: 0, request, ...at };
    }
  }
}

const side = new Side("small");

const { admissionKeys } = escrowPlan(1, "escrow");
const escrowKeys = { admissionKeys };

/** Of a `succeed` that is first seen at that time, in milliseconds. */
export const expiryOf = (seen: number): number => seen + 14 * day;

/**
 * Real statements for it; `salt` decides how their ids compare.
 *
 * @param seen when each is first seen.
 * @param made those for the first of them, where these are made already.
 */
export function statementsFor(
  list: readonly Small[],
  salt: number,
  seen: readonly number[],
  made: readonly Statement[] = [],
): Statement[] {
  const out = [...made];
  for (const [at, one] of list.entries()) {
    if (at < made.length) continue;
    const heads = bitsOf(one.heads).map((head) => (out[head] as Statement).id);
    const signer = one.signer === keySigner ? keyOf("escrow") : leafId(`leaf ${one.signer}`);
    const from = { side: side.id, signer, heads, tag: `small ${at} ${salt}` };
    out.push(statementMade(one, at, out, from, seen[at] ?? 0));
  }
  return out;
}

function statementMade(
  one: Small,
  at: number,
  made: readonly Statement[],
  from: Parameters<typeof statementOf>[2],
  seen: number,
): Statement {
  switch (one.kind) {
    case "found":
      return statementOf(
        "found",
        {
          suite: "ed25519-xwing-aes256gcm-sha512",
          leaf: leafOf("leaf 0"),
          inbox: inboxNamed("first"),
          custody: onDevice,
          plan: { ...trusteePlan(1), ...escrowKeys },
        },
        from,
      );
    case "admit":
      return statementOf(
        "admit",
        { leaves: [leafOf(`leaf ${one.target}`)], proof: one.signer === keySigner ? "escrow" : "device" },
        from,
      );
    case "retire": {
      const trusted = bitsOf(one.trusted).map((head) => (made[head] as Statement).id);
      return statementOf("retire", { leaves: [leafId(`leaf ${one.target}`)], reason: "lost", trusted }, from);
    }
    case "move":
      return statementOf("move", { inbox: inboxNamed(`inbox ${at}`) }, from);
    case "succeed": {
      const { threshold, epoch } = one;
      const options = { threshold, epoch, request: `request ${one.request}`, plan: trusteePlan(2), expiry: expiryOf(seen) };
      const body = successionBody([`leaf ${one.target}`], epoch, options);
      return statementOf("succeed", body, { ...from, signer: body.publicKey });
    }
    case "contest":
      return statementOf("contest", { request: requestNamed(`request ${one.request}`), reason: "not-me" }, from);
  }
}

/** Whether two states, or parts of them, are the same in everything; maps in whatever order. */
export function sameState(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [key, value] of a as ReadonlyMap<unknown, unknown>) if (!b.has(key) || !sameState(value, b.get(key))) return false;
    return true;
  }
  const keys = Object.keys(a) as (keyof typeof a)[];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && sameState(a[key], b[key]))
  );
}

/** Everything in a state that could differ, as text. */
export function textOf(state: LineageState): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (value instanceof Uint8Array) return idKey(value);
    if (value instanceof Map) return [...(value as ReadonlyMap<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return value;
  });
}
