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
import { type Epoch, inForce, type Located, writeKeyOf } from "./location.ts";
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
  const next = { segments: [], wraps: noHead, changes: 0, openers: [], relationships: undefined, keeps: [] };
  const advanced = await advance(upload, next);
  if (!advanced.ok) return advanced.error;
  keepKnown(upload.work, { ...advanced.value, heal: false });
  return undefined;
}

/** Brings the next batch, and a new wrapping where it is due. */
export async function bring(upload: Increment, problems: PhotonError[]): Promise<VaultFailure | undefined> {
  const { work, location, queue, known, openers, vault, signer, isWrapped, hasIdentity } = upload;
  const batch = await nextBatch(work, queue, known, problems);
  const written = await writeSegments(upload, batch);
  if (!written.ok) return written.error;
  const fresh = written.value;
  let { wraps } = known;
  if (!isWrapped) {
    const keys = location.epochs.map(({ epoch, key }) => ({ epoch, key }));
    const recipients = openers.map(({ recipient }) => recipient);
    const kept = await vault.keep(await wrapEpochKeys(keys, recipients), signer.writeSeed);
    if (!kept.ok) return kept.error;
    wraps = kept.value;
  }
  const identityBlob = identityBlobOf(location);
  if (identityBlob !== undefined && !hasIdentity) {
    const kept = await vault.keep(identityBlob, signer.writeSeed);
    if (!kept.ok) return kept.error;
  }
  const identity = identityBlob === undefined ? undefined : hashOf(identityBlob);
  const contents = await segmentContents(work, known.register);
  const segments = [...batch.kept, ...fresh.map(({ ref }) => ref)];
  if (segments.length > maxSegments) {
    return { refusal: undefined, problem: photonError("vault-refused", "the archive is as large as one archive can be") };
  }
  const readable = batch.kept.filter(({ hash }) => contents.has(toHex(hash)));
  const counts = [
    ...readable.map(({ hash }) => contents.get(toHex(hash))?.changes ?? 0),
    ...fresh.map(({ content }) => content.changes),
  ];
  const open = batch.isLast ? await nextCount(work, known, batch.pending, dayOf(work)) : undefined;
  const advanced = await advance(upload, {
    segments,
    wraps,
    changes: counts.reduce((sum, count) => sum + count, 0),
    openers: openers.map(({ kind, name }) => ({ kind, name })),
    relationships: open?.count,
    // A vault refuses a head that keeps what it does not have: what could not be read may be gone.
    keeps: [
      ...readable.map(({ hash }) => hash),
      ...fresh.map(({ ref }) => ref.hash),
      wraps,
      ...(identity === undefined ? [] : [identity]),
    ],
  });
  if (!advanced.ok) return advanced.error;
  for (const { ref, content } of fresh) keepSegment(work, known.register, ref.hash, content);
  await forgetSegments(work, known.register, segments);
  await settleChanges(work, queue, batch.pending);
  keepKnown(work, {
    ...advanced.value,
    identity,
    open: open ?? known.open,
    written: known.written + fresh.length,
    previous: fresh.at(-1)?.ref.hash ?? known.previous,
    archivedAt: batch.isLast ? work.now() : known.archivedAt,
    weighAgainAt: batch.weighAgainAt,
  });
  return undefined;
}

interface Written {
  readonly ref: SegmentRef;
  readonly content: SegmentContent;
}

async function writeSegments(upload: Upload, batch: Batch): Promise<Result<readonly Written[], VaultFailure>> {
  const { work, location, known, vault, signer } = upload;
  const { epoch, key } = inForce(location);
  const written: Written[] = [];
  for (const changes of splitChanges(batch.changes)) {
    const previous = written.at(-1)?.ref.hash ?? known.previous;
    const sequence = known.written + written.length + 1;
    const sealed = sealSegment(key, { epoch, sequence, changes, previous }, work.random(24));
    const kept = await vault.keep(sealed.bytes, signer.writeSeed);
    if (!kept.ok) return kept;
    written.push({ ref: { hash: kept.value, epoch }, content: contentOf(changes, sealed.bytes.length) });
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
  { wraps, keeps, segments, changes, openers, relationships }: NextHead,
): Promise<Result<Known, VaultFailure>> {
  const { epoch, key } = inForce(location);
  const manifest = { segments, changes, openers, relationships, createdAt: dayOf(work) };
  const [writeKey, next] = [writeKeyOf(signer), writeKeyOf(inForce(location))];
  const head = signHeadPut(signer.writeSeed, {
    register: known.register,
    seq: known.seq + 1,
    previous: known.headHash,
    body: sealHead(key, { epoch, wraps, manifest }, work.random(24)),
    writeKey,
    nextKey: equalBytes(writeKey, next) ? undefined : next,
    keeps,
  });
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
