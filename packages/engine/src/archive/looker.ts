/** Reading heads to compare them: what each holds is fetched and measured once. */
import { err, ok, type Result } from "@photon/protocol/codec";
import type { PhotonError } from "../errors.ts";
import { newestGood } from "./choose-head.ts";
import { changesIn, type Contents, type HeadReader, type HeadView } from "./heads.ts";
import { harmedIn, isHarmed, openCount, type Shape, shapeOf } from "./shape.ts";

export type OpenedView = Extract<HeadView, { kind: "opened" }>;

/** A head that is still there, as far as it can be read without fetching what it names. */
export interface Candidate {
  readonly seq: number;
  readonly view: HeadView;
  /** For how many days more it stays, at least; undefined for the newest. */
  readonly left: number | undefined;
}

/** A head, and what it holds. */
export interface Held {
  readonly seq: number;
  readonly view: OpenedView;
  readonly contents: Contents;
  readonly shape: Shape;
}

export type Looked<T> = Promise<Result<T | undefined, PhotonError>>;

export interface Looker {
  /** Undefined for one that takes more than `limit` bytes of memory. */
  held(view: OpenedView, limit: number, onProgress?: (part: number) => void): Looked<Held>;
  /** Heads that were judged. */
  seen(): readonly Candidate[];
  /**
   * The heads that others are measured by: the oldest, the oldest that holds twice as many relationships, and so on. A thief
   * may make up any number of relationships; the last of these that is not the thief's holds half of the true ones.
   */
  measures(oldest: Held, all: readonly Candidate[], limit: number): Promise<Result<readonly Held[], PhotonError>>;
  /** The newest of these, or of those between them, that is good by the measures before it. */
  newest(seqs: readonly number[], measures: readonly Held[], limit: number, onProgress: (part: number) => void): Looked<Held>;
  /**
   * Who closes one relationship a day is found out when most are closed. Those before that are counted to the same theft for
   * as long as there are no more than three days between one and the next.
   * @returns the head from before them; undefined where there are none.
   */
  beforeRunUp(all: readonly Candidate[], chosen: Held, limit: number): Looked<Held>;
  /** What the heads before and after one hold: those after it as far as they are not too large, each and together. */
  around(
    all: readonly Candidate[],
    seq: number,
    limit: number,
  ): Promise<Result<{ readonly earlier: readonly Contents[]; readonly later: readonly Contents[] }, PhotonError>>;
}

const quietDays = 3;

export function lookerAt(reader: HeadReader): Looker {
  const seen = new Map<number, Candidate>();
  const read = new Map<number, Held>();

  const held: Looker["held"] = async (view, limit, onProgress) => {
    const { seq } = view.opened.head;
    const known = read.get(seq);
    if (known !== undefined) return ok(known);
    const contents = await reader.contents(view, { limit, ...(onProgress === undefined ? {} : { onProgress }) });
    if (!contents.ok || contents.value === undefined) return contents.ok ? ok(undefined) : contents;
    const found = { seq, view, contents: contents.value, shape: shapeOf(changesIn([contents.value])) };
    read.set(seq, found);
    return ok(found);
  };

  return {
    held,
    seen: () => [...seen.values()],

    measures: async (oldest, all, limit) => {
      const measures = [oldest];
      let level = 2 * Math.max(1, openCount(oldest.shape));
      for (const { view, seq } of all) {
        if (view.kind !== "opened" || seq <= oldest.seq || claimed(view) < level) continue;
        const found = await held(view, limit);
        if (!found.ok) return found;
        if (found.value === undefined || openCount(found.value.shape) < level) continue;
        measures.push(found.value);
        level = 2 * openCount(found.value.shape);
      }
      return ok(measures);
    },

    newest: async (seqs, measures, limit, onProgress) => {
      let failure: PhotonError | undefined;
      const judge = async (seq: number): Promise<boolean> => {
        const view = await reader.view(seq);
        if (!view.ok) failure = view.error;
        if (!view.ok || view.value === undefined) return false;
        seen.set(seq, { seq, view: view.value, left: undefined });
        if (view.value.kind !== "opened") return false;
        const found = await held(view.value, limit, onProgress);
        if (!found.ok) failure = found.error;
        if (!found.ok || found.value === undefined || isLie(found.value)) return false;
        const { shape } = found.value;
        return !measures.some((one) => one.seq < seq && isHarmed(one.shape, shape));
      };
      const good = await newestGood(seqs, async (seq) => failure === undefined && judge(seq));
      if (failure !== undefined) return err(failure);
      return ok(good === undefined ? undefined : read.get(good));
    },

    beforeRunUp: async (all, chosen, limit) => {
      let before: Held | undefined;
      let last = chosen;
      for (const { view, seq } of all.toReversed()) {
        if (view.kind !== "opened" || seq >= chosen.seq) continue;
        if (dayOf((before ?? chosen).view) - dayOf(view) > quietDays) break;
        const found = await held(view, limit);
        if (!found.ok) return found;
        if (found.value === undefined) continue;
        if (harmedIn(found.value.shape, last.shape).length > 0) before = found.value;
        last = found.value;
      }
      return ok(before);
    },

    around: async (all, seq, limit) => {
      const found: Held[] = [];
      let since = 0;
      for (const candidate of all) {
        const { view } = candidate;
        const one = view.kind === "opened" && since < limit ? await held(view, limit) : ok(undefined);
        if (!one.ok) return one;
        if (one.value === undefined) continue;
        found.push(one.value);
        if (candidate.seq > seq) since += one.value.contents.weight;
      }
      const contentsOf = (some: readonly Held[]): readonly Contents[] => some.map(({ contents }) => contents);
      return ok({
        earlier: contentsOf(found.filter((one) => one.seq < seq)),
        later: contentsOf(found.filter((one) => one.seq > seq)),
      });
    },
  };
}

const dayOf = ({ opened }: OpenedView): number => opened.manifest.createdAt;
const claimed = ({ opened }: OpenedView): number => opened.manifest.relationships ?? 0;
/** A count that is off by a few is no lie: two devices may have counted the same relationship. */
const isLie = ({ view, shape }: Held): boolean => 2 * openCount(shape) < claimed(view);
