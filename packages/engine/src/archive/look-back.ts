/**
 * Which head of an archive a person comes back to who has lost every device: the newest one, unless a device in other hands
 * wrote it. A vault keeps superseded heads for 45 days, and with them the way back (spec/07-archive.md, "Looking back").
 *
 * A head is good if this opener opens it, it holds what it says it holds, and it has done no harm (`shape.ts`) to what stood
 * in those heads before it that are taken as measures (`looker.ts`).
 */
import { err, ok, type Result } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import type { PhotonError } from "../errors.ts";
import { type Sample, sampleOf } from "./choose-head.ts";
import { type Around, mending } from "./cut.ts";
import { changesIn, type HeadReader, type HeadView, roomFor } from "./heads.ts";
import { type Candidate, type Held, type Looker, lookerAt, type OpenedView } from "./looker.ts";
import { harmedIn, harmOf } from "./shape.ts";
import type { Vault } from "./vault.ts";

export interface Candidates {
  readonly sample: Sample;
  /** Oldest first; the newest is the last one. */
  readonly all: readonly Candidate[];
}

export async function candidatesAt(vault: Vault, reader: HeadReader): Promise<Result<Candidates, PhotonError>> {
  const newest = await reader.view();
  if (!newest.ok && newest.error.code !== "archive-damaged") return newest;
  const seq = newest.ok && newest.value !== undefined ? seqOf(newest.value) : 0;
  const listed = await vault.heads();
  if (!listed.ok && listed.error.problem.code === "vault-unreachable") return err(listed.error.problem);
  // A vault that cannot say which heads it keeps has the newest.
  const kept = listed.ok && listed.value !== undefined ? listed.value : { newest: seq, kept: [] };
  const sample = sampleOf({ newest: Math.max(seq, kept.newest), kept: kept.kept });
  const all: Candidate[] = [];
  for (const one of sample.seqs) {
    const view = await reader.view(one);
    if (!view.ok) return view;
    if (view.value !== undefined) all.push({ seq: one, view: view.value, left: sample.left(one) });
  }
  return ok({ sample, all });
}

export const seqOf = (view: HeadView): number => (view.kind === "opened" ? view.opened.head : view.head).seq;

export interface Surroundings {
  /** What heads before it hold, as far as it is to be looked for. */
  readonly earlier: readonly Change[];
  readonly later: readonly Change[];
  readonly mended: Around["mended"];
  /** The newest head, where that is another one. */
  readonly passedOver: number | undefined;
}
export interface Chosen extends Held, Surroundings {}

/** Searching shows more heads, which may be measures too; the next round is a search among those of one day. */
const maxRounds = 3;

/** @returns undefined where no head that is there is good. */
export async function newestGoodHead(
  vault: Vault,
  reader: HeadReader,
  onProgress: (part: number) => void,
): Promise<Result<Chosen | undefined, PhotonError>> {
  const there = await candidatesAt(vault, reader);
  if (!there.ok) return there;
  const { sample, all } = there.value;
  const looker = lookerAt(reader);
  const oldest = all.find((one): one is Candidate & { readonly view: OpenedView } => one.view.kind === "opened");
  if (oldest === undefined) return ok(undefined);
  const first = await looker.held(oldest.view, Number.POSITIVE_INFINITY, (part) => onProgress(part / 2));
  if (!first.ok) return first;
  if (first.value === undefined) throw new Error("a head without a limit");
  const limit = roomFor(first.value.contents.weight);
  for (let round = 0, known = all; ; round++) {
    const measures = await looker.measures(first.value, known, limit);
    if (!measures.ok) return measures;
    const judged = await looker.newest(sample.seqs, measures.value, limit, (part) => onProgress(0.5 + part / 2));
    if (!judged.ok || judged.value === undefined) return judged.ok ? ok(undefined) : judged;
    const fresh = looker.seen().filter(({ seq }) => !known.some((one) => one.seq === seq));
    if (fresh.length > 0 && round < maxRounds) {
      known = [...known, ...fresh].toSorted((a, b) => a.seq - b.seq);
      continue;
    }
    return surrounded(looker, { sample, all }, measures.value, judged.value, limit);
  }
}

/** The chosen head with what those around it hold, where it is not the newest, or lacks what one before it held. */
async function surrounded(
  looker: Looker,
  { sample, all }: Candidates,
  measures: readonly Held[],
  chosen: Held,
  limit: number,
): Promise<Result<Chosen, PhotonError>> {
  const passedOver = otherThan(chosen.seq, sample);
  const before = measures.filter(({ seq }) => seq < chosen.seq);
  if (passedOver === undefined && before.every(({ shape }) => harmOf(shape, chosen.shape).records === 0))
    return ok({ ...chosen, earlier: [], later: [], mended: [], passedOver });
  const runUp = passedOver === undefined ? ok(undefined) : await looker.beforeRunUp(all, chosen, limit);
  if (!runUp.ok) return runUp;
  const around = await looker.around(all, chosen.seq, limit);
  if (!around.ok) return around;
  const mended =
    runUp.value === undefined ? [] : mending(harmedIn(runUp.value.shape, chosen.shape), changesIn([runUp.value.contents]));
  const earlier = changesIn([...before.map(({ contents }) => contents), ...around.value.earlier]);
  return ok({ ...chosen, earlier, later: changesIn(around.value.later), mended, passedOver });
}

/** What the heads before and after one hold, whichever it is. */
export async function aroundHead(vault: Vault, reader: HeadReader, seq: number): Promise<Result<Surroundings, PhotonError>> {
  const there = await candidatesAt(vault, reader);
  if (!there.ok) return there;
  const { sample, all } = there.value;
  const around = await lookerAt(reader).around(all, seq, roomFor(0));
  if (!around.ok) return around;
  const { earlier, later } = around.value;
  return ok({ earlier: changesIn(earlier), later: changesIn(later), mended: [], passedOver: otherThan(seq, sample) });
}

const otherThan = (seq: number, { seqs }: Sample): number | undefined => (seqs.at(-1) === seq ? undefined : seqs.at(-1));
