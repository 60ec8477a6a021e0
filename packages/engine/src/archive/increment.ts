/** One head and what it brings: the blobs first, then the head, then our own commit by the caller. */
import { type Bytes, err, equalBytes, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  headHash,
  type Manifest,
  maxSegments,
  noHead,
  sealHead,
  sealSegment,
  signHeadPut,
  splitChanges,
  wrapEpochKeys,
} from "@photon/protocol/archive";
import { settleChanges } from "../circle/state.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { type Batch, nextBatch } from "./batch.ts";
import { type Compartment, compartments, segmentsIn } from "./compartments.ts";
import { nextCount } from "./counting.ts";
import {
  forgetSegments,
  keepKnown,
  keepSegment,
  type Known,
  type SegmentContent,
  segmentContents,
  type SegmentRef,
} from "./known.ts";
import { type Epoch } from "./location-record.ts";
import { inForce, type Located, writeKeyOf } from "./location.ts";
import type { Opener } from "./openers.ts";
import { hashOf, identityBlobOf } from "./identity.ts";
import { contentOf } from "./reading.ts";
import type { Vault, VaultFailure } from "./vault.ts";

interface Upload {
  readonly work: Work;
  readonly location: Located;
  /** Of what waits for this vault. */
  readonly queue: string;
  readonly known: Known;
  readonly openers: readonly Opener[];
  readonly vault: Vault;
  /** The epoch whose write key the vault takes the next signature by; not the one in force while a turn is on its way. */
  readonly signer: Epoch;
}
interface Increment extends Upload {
  /** Whether the epochs are wrapped to these openers already. */
  readonly isWrapped: boolean;
  /** Whether the vault has the passphrase opener's sealed identity already, or needs none. */
  readonly hasIdentity: boolean;
}

/** A vault takes blobs only for a register that it knows: the first head is empty. */
export async function openRegister(upload: Upload): Promise<VaultFailure | undefined> {
  const next = { segments: [], wraps: noHead, changes: 0, openers: [], relationships: undefined, authority: undefined, keeps: [] };
  const advanced = await advance(upload, next);
  if (!advanced.ok) return advanced.error;
  keepKnown(upload.work, { ...advanced.value, heal: false });
  return undefined;
}

/** Brings the next batch, and a new wrapping where it is due. */
export async function bring(upload: Increment, problems: PhotonError[]): Promise<VaultFailure | undefined> {
  const { work, location, queue, known, openers, vault, signer, isWrapped, hasIdentity } = upload;
  const parts: readonly Compartment[] = location.authority === undefined ? ["relationships"] : compartments;
  const batch = await nextBatch(work, queue, known, parts, problems);
  const written = await writeSegments(upload, batch);
  if (!written.ok) return written.error;
  const fresh = written.value;
  const segments = [...batch.parts.flatMap(({ kept }) => kept), ...fresh.map(({ ref }) => ref)];
  if (segments.length > maxSegments) {
    return { refusal: undefined, problem: photonError("vault-refused", "the archive is as large as one archive can be") };
  }
  let { wraps } = known;
  if (!isWrapped) {
    const kept = await vault.keep(await wrapped(location, openers), signer.writeSeed);
    if (!kept.ok) return kept.error;
    wraps = kept.value;
  }
  const authority = await authorityOf(upload, segments);
  if (!authority.ok) return authority.error;
  const identityBlob = identityBlobOf(location);
  if (identityBlob !== undefined && !hasIdentity) {
    const kept = await vault.keep(identityBlob, signer.writeSeed);
    if (!kept.ok) return kept.error;
  }
  const identity = identityBlob === undefined ? undefined : hashOf(identityBlob);
  const contents = new Map(await segmentContents(work, known.register));
  for (const { ref, content } of fresh) contents.set(toHex(ref.hash), content);
  const readable = segments.filter(({ hash }) => contents.has(toHex(hash)));
  const countIn = (compartment: Compartment): number =>
    segmentsIn(readable, compartment).reduce((sum, { hash }) => sum + (contents.get(toHex(hash))?.changes ?? 0), 0);
  const open = batch.isLast ? await nextCount(work, known, batch.pending, dayOf(work)) : undefined;
  const advanced = await advance(upload, {
    segments,
    wraps,
    changes: countIn("relationships"),
    openers: openers.map(({ kind, name, authority: both }) => ({ kind, name, ...(both === undefined ? {} : { authority: both }) })),
    relationships: open?.count,
    authority: authority.value === undefined ? undefined : { ...authority.value, changes: countIn("authority") },
    // A vault refuses a head that keeps what it does not have: what could not be read may be gone.
    keeps: [
      ...readable.map(({ hash }) => hash),
      wraps,
      ...(identity === undefined ? [] : [identity]),
      ...(authority.value === undefined ? [] : [authority.value.wraps]),
    ],
  });
  if (!advanced.ok) return advanced.error;
  for (const { ref, content } of fresh) keepSegment(work, known.register, ref.hash, content);
  await forgetSegments(work, known.register, segments);
  await settleChanges(work, queue, batch.pending);
  keepKnown(work, {
    ...advanced.value,
    identity,
    authority: authority.value,
    open: open ?? known.open,
    written: known.written + fresh.length,
    previous: fresh.at(-1)?.ref.hash ?? known.previous,
    archivedAt: batch.isLast ? work.now() : known.archivedAt,
    weighAgainAt: batch.weighAgainAt,
  });
  return undefined;
}

const wrapped = ({ epochs }: Pick<Located, "epochs">, openers: readonly Opener[]): Promise<Bytes> =>
  wrapEpochKeys(
    epochs.map(({ epoch, key }) => ({ epoch, key })),
    openers.map(({ recipient }) => recipient),
  );

/** The compartment `authority` as the next head names it: wrapped to those who say so, where it holds anything. */
async function authorityOf(
  { location, known, openers, vault, signer, isWrapped }: Increment,
  segments: readonly SegmentRef[],
): Promise<Result<Known["authority"], VaultFailure>> {
  if (location.authority === undefined || segmentsIn(segments, "authority").length === 0) return ok(undefined);
  const { epoch } = inForce(location.authority);
  if (isWrapped && known.authority?.epoch === epoch) return ok(known.authority);
  const kept = await vault.keep(
    await wrapped(
      location.authority,
      openers.filter(({ authority }) => authority === true),
    ),
    signer.writeSeed,
  );
  return kept.ok ? ok({ wraps: kept.value, epoch }) : kept;
}

interface Written {
  readonly ref: SegmentRef;
  readonly content: SegmentContent;
}

async function writeSegments(upload: Upload, batch: Batch): Promise<Result<readonly Written[], VaultFailure>> {
  const { work, location, known, vault, signer } = upload;
  const written: Written[] = [];
  for (const { compartment, changes: all } of batch.parts) {
    const epochs = compartment === "authority" ? location.authority : location;
    if (epochs === undefined) throw new Error("a compartment without keys");
    const { epoch, key } = inForce(epochs);
    for (const changes of splitChanges(all)) {
      const previous = written.at(-1)?.ref.hash ?? known.previous;
      const sequence = known.written + written.length + 1;
      const sealed = sealSegment(key, { epoch, sequence, changes, previous }, work.random(24));
      const kept = await vault.keep(sealed.bytes, signer.writeSeed);
      if (!kept.ok) return kept;
      const ref = { hash: kept.value, epoch, ...(compartment === "authority" ? { compartment } : {}) };
      written.push({ ref, content: contentOf(changes, sealed.bytes.length) });
    }
  }
  return ok(written);
}

interface NextHead extends Omit<Manifest, "createdAt"> {
  readonly wraps: Bytes;
  readonly keeps: readonly Bytes[];
}
const dayOf = (work: Work): number => Math.max(0, Math.floor(work.now() / (24 * 3600 * 1000)));

/** @returns what is known once the vault has taken the head. */
async function advance(
  { work, location, known, vault, signer }: Upload,
  { wraps, keeps, segments, changes, openers, relationships, authority }: NextHead,
): Promise<Result<Known, VaultFailure>> {
  const { epoch, key } = inForce(location);
  const manifest = { segments, changes, openers, relationships, authority, createdAt: dayOf(work) };
  const { queueCrypto } = work.ports;
  const [writeKey, next] = [writeKeyOf(signer, queueCrypto), writeKeyOf(inForce(location), queueCrypto)];
  const fields = {
    register: known.register,
    seq: known.seq + 1,
    previous: known.headHash,
    body: sealHead(key, { epoch, wraps, manifest }, work.random(24)),
    writeKey,
    nextKey: equalBytes(writeKey, next) ? undefined : next,
    keeps,
  };
  const head = signHeadPut(signer.writeSeed, fields, queueCrypto?.sign);
  const taken = await vault.advance(head);
  if (!taken.ok) return err(taken.error);
  return ok({
    ...known,
    seq: head.seq,
    headHash: headHash(head),
    writeKey: next,
    epoch,
    wraps,
    openers,
    segments,
    lostSince: undefined,
  });
}
