/** Leaf keys of this device: one per relationship, made here, never told to anyone. */
import { bytes, type Bytes, equalBytes, struct, toHex, uint } from "@photon/protocol/codec";
import type { KeyPackagePair, LeafKeys } from "@photon/protocol/session";
import { ed25519Signer, type Leaf, leafIdSchema, makeLeafId, type LeafId, type Signer } from "@photon/protocol/statement";
import { parseRow, type Work } from "../storage/core.ts";

const pairSchema = struct({ public: [1, bytes({ max: 16384 })], secret: [2, bytes({ max: 16384 })] });
const leafRowSchema = struct({ id: [1, leafIdSchema], seed: [2, bytes(32)], lastResort: [3, pairSchema] });

export interface OwnLeafKeys extends LeafKeys {
  readonly lastResort: KeyPackagePair;
}

/** Makes a leaf and keeps its secrets; what is returned may be published. */
export async function makeLeaf(work: Work): Promise<Leaf> {
  const seed = work.random(32);
  const id = makeLeafId(ed25519Signer(seed).publicKey);
  const lastResort = await work.session.makeKeyPackage({ id, seed });
  work.write("secret", `leaf/${toHex(id)}`, leafRowSchema, { id, seed, lastResort });
  return { id, lastResort: lastResort.public };
}

export async function leafKeys(work: Work, id: LeafId): Promise<OwnLeafKeys | undefined> {
  return work.read("secret", `leaf/${toHex(id)}`, leafRowSchema);
}

export function signerOf(leaf: LeafKeys): Signer {
  return ed25519Signer(leaf.seed);
}

const freshRowSchema = struct({ pair: [1, pairSchema], generation: [2, bytes(32)], number: [3, uint()], leaf: [4, leafIdSchema] });

/** A package of this leaf for the next founding, made on joining `generation`; kept until two generations later. */
export async function makeFreshPackage(
  work: Work,
  relationship: string,
  leaf: LeafKeys,
  generation: Bytes,
  number: number,
): Promise<Bytes> {
  const pair = await work.session.makeKeyPackage(leaf);
  work.write("secret", `kp/${relationship}/${toHex(generation)}`, freshRowSchema, { pair, generation, number, leaf: leaf.id });
  return pair.public;
}

/** All packages of a leaf of this device by which it may be added to a generation of this relationship. */
export async function packagesOf(work: Work, relationship: string, leaf: OwnLeafKeys): Promise<readonly KeyPackagePair[]> {
  const rows = (await work.list("secret", `kp/${relationship}/`)).map((row) => parseRow(freshRowSchema, row.value));
  return [...rows.filter((row) => equalBytes(row.leaf, leaf.id)).map(({ pair }) => pair), leaf.lastResort];
}

/** Forgets the packages made on joining generations up to `number`: nothing more can be founded with them. */
export async function dropPackages(work: Work, relationship: string, number: number): Promise<void> {
  for (const row of await work.list("secret", `kp/${relationship}/`)) {
    if (parseRow(freshRowSchema, row.value).number <= number) work.delete("secret", row.key);
  }
}

export async function hasFreshPackage(work: Work, relationship: string, generation: Bytes): Promise<boolean> {
  return (await work.get("secret", `kp/${relationship}/${toHex(generation)}`)) !== undefined;
}
