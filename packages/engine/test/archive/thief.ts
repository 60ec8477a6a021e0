/** What a device in other hands can write to the archive: any head and any segment, under keys that it has. */
import { encode, equalBytes, expectOk, ok, type Bytes } from "@photon/protocol/codec";
import {
  type Change,
  headHash,
  type Manifest,
  openManifest,
  parseHead,
  sealHead,
  sealSegment,
  signBlobPut,
  signHeadPut,
  splitChanges,
  wrapEpochKeys,
} from "@photon/protocol/archive";
import { ed25519Signer } from "@photon/protocol/statement";
import { epochOfWriteKey, inForce, keepLocation, turned } from "../../src/archive/location.ts";
import { markPending, storeEntry } from "../../src/circle/state.ts";
import { flagSchema, keys } from "../../src/relationship/records.ts";
import type { TestDevice } from "./people.ts";

/** A device in other hands, as far as it matters here. */
export type Thief = Pick<TestDevice, "ports" | "work" | "act" | "whole" | "location">;

export interface ForgedHead {
  /** Segments with these besides those of the newest head; undefined for none at all. */
  readonly changes?: readonly Change[];
  /** Whether what the newest head names stays named. */
  readonly keeps?: boolean;
  /** What it says of itself. */
  readonly manifest?: Partial<Manifest>;
  /** Wraps a fresh epoch to these and to nobody else. */
  readonly wrapTo?: readonly string[];
  readonly nextKey?: Bytes;
}

/** Publishes a head that the vault takes. @returns its number. */
export async function forge(thief: Thief, forged: ForgedHead): Promise<number> {
  const { blobs } = thief.ports;
  const known = await thief.location();
  const location =
    forged.wrapTo === undefined
      ? known
      : await thief.act(async (work) => {
          await keepLocation(work, turned(work, await thief.whole()));
          return thief.location();
        });
  const { register } = location;
  const answer = await blobs.call(known.vault, "headGet", { register });
  if (!answer.ok) throw new Error("no head");
  const newest = answer.value.value;
  const signer = epochOfWriteKey(location, newest.nextKey ?? newest.writeKey);
  if (signer === undefined) throw new Error("the register has gone to somebody else");
  const body = expectOk(parseHead(newest.body));
  const before = location.epochs.find(({ epoch }) => epoch === body.epoch);
  const old = before === undefined ? ok(undefined) : openManifest(before.key, body);
  const { epoch, key } = forged.wrapTo === undefined ? (before ?? inForce(location)) : inForce(location);
  const put = async (bytes: Bytes): Promise<Bytes> => {
    const stored = await blobs.call(known.vault, "blobPut", signBlobPut(signer.writeSeed, { register, body: bytes }));
    if (!stored.ok) throw new Error(`${stored.error.code} ${stored.error.detail}`);
    return stored.value.value.hash;
  };
  const kept = forged.keeps === true && old.ok ? (old.value?.segments ?? []) : [];
  const fresh = [];
  for (const changes of splitChanges(forged.changes ?? [])) {
    const sealed = sealSegment(key, { epoch, sequence: 1, changes }, thief.work().random(24));
    fresh.push({ hash: await put(sealed.bytes), epoch });
  }
  const segments = [...kept, ...fresh];
  const wraps =
    forged.wrapTo === undefined
      ? body.wraps
      : await put(
          await wrapEpochKeys(
            location.epochs.map((one) => ({ epoch: one.epoch, key: one.key })),
            forged.wrapTo,
          ),
        );
  const manifest = { changes: 0, createdAt: 20_458, openers: [], ...(old.ok ? old.value : {}), segments, ...forged.manifest };
  const writeKey = new Uint8Array(ed25519Signer(signer.writeSeed).publicKey);
  const nextKey = forged.nextKey ?? new Uint8Array(ed25519Signer(inForce(location).writeSeed).publicKey);
  const head = signHeadPut(signer.writeSeed, {
    register,
    seq: newest.seq + 1,
    previous: headHash(newest),
    body: sealHead(key, { epoch, wraps, manifest }, thief.work().random(24)),
    writeKey,
    ...(equalBytes(writeKey, nextKey) ? {} : { nextKey }),
    keeps: [...segments.map(({ hash }) => hash), wraps],
  });
  const taken = await blobs.call(known.vault, "headPut", head);
  if (!taken.ok) throw new Error(`${taken.error.code} ${taken.error.detail}`);
  return head.seq;
}

/** Publishes a head whose body is no head's, or whose manifest does not open, under the right key. */
export async function spoil(thief: Thief, what: "body" | "manifest"): Promise<void> {
  const location = await thief.location();
  const answer = await thief.ports.blobs.call(location.vault, "headGet", { register: location.register });
  if (!answer.ok) throw new Error("no head");
  const newest = answer.value.value;
  const signer = epochOfWriteKey(location, newest.nextKey ?? newest.writeKey);
  if (signer === undefined) throw new Error("the register has gone to somebody else");
  const { nextKey: _, ...rest } = newest;
  const body = what === "body" ? new Uint8Array(60) : newest.body.map((byte, at) => (at > 60 ? byte ^ 1 : byte));
  const head = signHeadPut(signer.writeSeed, {
    ...rest,
    seq: newest.seq + 1,
    previous: headHash(newest),
    body: new Uint8Array(body),
    writeKey: new Uint8Array(ed25519Signer(signer.writeSeed).publicKey),
    keeps: [],
  });
  const taken = await thief.ports.blobs.call(location.vault, "headPut", head);
  if (!taken.ok) throw new Error(`${taken.error.code} ${taken.error.detail}`);
}

/** Writes a deletion over each entry, as no Photon does, to be archived with the next flush. */
export const bury = (thief: Thief, entries: readonly string[]): Promise<void> =>
  thief.act(async (work) => {
    for (const key of entries) {
      storeEntry(work, key, { hlc: await work.tick() });
      markPending(work, key, { circle: true, archive: true });
    }
  });

/** Writes the flag by which a relationship is closed. */
export const closing = async (thief: Thief, id: string): Promise<Change> => ({
  key: keys.closed(id),
  hlc: await thief.act((work) => work.tick()),
  value: encode(flagSchema, true),
});
