/**
 * All small lineages, in an abstract form: each once up to the names of leaves, and to the order in which independent
 * statements are listed.
 *
 * Statement 0 is the `found` by leaf 0, whose plan lists one admission key. Each further statement follows any set of
 * earlier ones of which none is in another's past, is signed by a leaf that some statement in its past brings in or by
 * the admission key, and admits a new leaf, admits a known leaf, retires a known leaf (trusting all that it follows, or
 * nothing), or, as the last one, moves the inbox.
 */
import type { LineageState } from "@photon/protocol/lineage";
import { idKey, type Statement } from "@photon/protocol/statement";
import { escrowPlan, inboxNamed, keyOf, leafId, leafOf, onDevice, Side, statementOf } from "./builder.ts";

export const keySigner = -1;

export interface Small {
  readonly kind: "found" | "admit" | "retire" | "move";
  /** A leaf's number, or `keySigner`. */
  readonly signer: number;
  /** The leaf admitted or retired; -1 for none. */
  readonly target: number;
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

const root: Small = { kind: "found", signer: 0, target: 0, heads: 0, past: 0, trusted: 0, depth: 0 };

/** Lineages of exactly `size` statements and at most `leaves` leaves. The list given out is reused: copy what you keep. */
export function* smallLineages(size: number, leaves: number): Generator<readonly Small[]> {
  const list = [root];
  function* extend(): Generator<readonly Small[]> {
    if (list.length === size) yield list;
    else {
      for (const next of extensions(list, size, leaves)) {
        list.push(next);
        yield* extend();
        list.pop();
      }
    }
  }
  yield* extend();
}

/** One of them, each step drawn among those possible by `below`, which gives a number from 0 to below its argument. */
export function drawnLineage(size: number, leaves: number, below: (limit: number) => number): readonly Small[] {
  const list = [root];
  while (list.length < size) {
    const next = [...extensions(list, size, leaves)];
    const drawn = next[below(next.length)];
    if (drawn === undefined) throw new Error("nothing follows");
    list.push(drawn);
  }
  return list;
}

/** Every statement that may come next. Independent ones come in one order: by depth, new leaves first, then by contents. */
function* extensions(list: readonly Small[], size: number, leaves: number): Generator<Small> {
  const previous = list[list.length - 1] ?? root;
  const named = Math.max(...list.map((one) => one.target + 1));
  const before = namedBefore(list);
  for (const place of placesAfter(list)) {
    if (place.depth < previous.depth) continue;
    for (const next of statementsAt(list, place, named, leaves, list.length === size - 1)) {
      if (place.depth > previous.depth || orderOf(next, named) >= orderOf(previous, before)) yield next;
    }
  }
}

const namedBefore = (list: readonly Small[]): number => Math.max(...list.slice(0, -1).map((one) => one.target + 1), 1);

function orderOf(one: Small, named: number): number {
  const isNew = one.kind === "admit" && one.target === named;
  const kind = { found: 0, admit: 1, retire: 2, move: 3 }[one.kind];
  const content =
    (((one.heads * 8 + one.signer + 1) * 4 + kind) * 8 + (isNew ? 0 : one.target + 1)) * 2 + (one.trusted === 0 ? 0 : 1);
  return isNew ? content : content + 1e9;
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
    if (one?.kind === "found" || one?.kind === "admit") signers.add(one.target);
  }
  for (const signer of signers) {
    for (let target = 0; target <= Math.min(named, leaves - 1); target++) {
      yield { kind: "admit", signer, target, trusted: 0, ...place };
      if (target === named) continue;
      yield { kind: "retire", signer, target, trusted: 0, ...place };
      yield { kind: "retire", signer, target, trusted: place.heads, ...place };
    }
    if (isLast && signer !== keySigner) yield { kind: "move", signer, target: -1, trusted: 0, ...place };
  }
}

const side = new Side("small");

/** Real statements for it; `salt` decides how their ids compare. */
export function statementsFor(list: readonly Small[], salt: number): Statement[] {
  const made: Statement[] = [];
  for (const [at, one] of list.entries()) {
    const heads = bitsOf(one.heads).map((head) => (made[head] as Statement).id);
    const signer = one.signer === keySigner ? keyOf("escrow") : leafId(`leaf ${one.signer}`);
    const from = { side: side.id, signer, heads, tag: `small ${at} ${salt}` };
    made.push(statementMade(one, at, made, from));
  }
  return made;
}

function statementMade(one: Small, at: number, made: readonly Statement[], from: Parameters<typeof statementOf>[2]): Statement {
  switch (one.kind) {
    case "found":
      return statementOf(
        "found",
        {
          suite: "ed25519-xwing-aes256gcm-sha512",
          leaf: leafOf("leaf 0"),
          inbox: inboxNamed("first"),
          custody: onDevice,
          plan: escrowPlan(1, "escrow"),
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
  }
}

/** Everything in a state that could differ, as text. */
export function textOf(state: LineageState): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (value instanceof Uint8Array) return idKey(value);
    if (value instanceof Map) return [...(value as ReadonlyMap<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return value;
  });
}
