/**
 * Founding and joining generations, and what they are joined with: fresh packages where the members have published them,
 * last-resort packages otherwise (spec/04-session.md).
 */
import { type Bytes, equalBytes, sha256 } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { type EnvelopeOf } from "@photon/protocol/queue";
import {
  idKey,
  type KnownStatement,
  type Leaf,
  type LeafId,
  makeGroupId,
  parseStatement,
  signStatement,
} from "@photon/protocol/statement";
import { deposit } from "../delivery/outbox.ts";
import {
  checkGeneration,
  type GenerationEntry,
  hasLiveMembers,
  keepGeneration,
  latestGeneration,
  needsHealing,
  nextNumber,
  packageRowSchema,
  sendingGeneration,
} from "../relationship/generations.ts";
import { leafKeys, packagesOf, signerOf } from "../relationship/leaves.ts";
import { liveMembers, type Relationship } from "../relationship/model.ts";
import { ownLeaf, ownLeafAmong } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";

const packageKey = (relationship: string, leaf: Uint8Array): string => `package/${relationship}/${idKey(leaf)}`;

/** A member's package for the generation after the one it names. */
export function keepPackage(work: Work, relationship: Relationship, leaf: LeafId, generation: Bytes, keyPackage: Bytes): void {
  work.write("generation", packageKey(relationship.id, leaf), packageRowSchema, { generation, package: keyPackage });
}

/** The package that a leaf published in the very generation that is being followed, or undefined. */
async function freshPackage(
  work: Work,
  relationship: Relationship,
  leaf: LeafId,
  parent: GenerationEntry | undefined,
): Promise<Bytes | undefined> {
  if (parent === undefined) return undefined;
  const row = await work.read("generation", packageKey(relationship.id, leaf), packageRowSchema);
  return row !== undefined && equalBytes(row.generation, parent.statement.id) ? row.package : undefined;
}

const lineageLeaves = (relationship: Relationship): readonly Leaf[] =>
  [relationship.mine.state, ...(relationship.peer === undefined ? [] : [relationship.peer.state])].flatMap((state) =>
    liveLeaves(state).map(({ leaf }) => leaf),
  );

/**
 * Founds the next generation with every live leaf of both sides, and puts its Welcome in the outbox.
 * @returns undefined if this device has no live leaf, or a side has none, or one to which nothing can be sealed: then nobody
 * can be spoken to.
 */
export async function found(work: Work, relationship: Relationship): Promise<GenerationEntry | undefined> {
  const own = await ownLeaf(work, relationship);
  if (own === undefined || !own.live) return undefined;
  const keys = await leafKeys(work, own.id);
  if (keys === undefined) throw new Error("no keys for our own leaf");
  if (relationship.peer !== undefined && liveLeaves(relationship.peer.state).length === 0) return undefined;
  const parent = latestGeneration(relationship);
  const others = lineageLeaves(relationship).filter((leaf) => idKey(leaf.id) !== idKey(own.id));
  const packages: Bytes[] = [];
  const lastResort: LeafId[] = [];
  for (const leaf of others) {
    const fresh = await freshPackage(work, relationship, leaf.id, parent);
    if (fresh === undefined) lastResort.push(leaf.id);
    packages.push(fresh ?? leaf.lastResort);
  }
  const group = makeGroupId(work.random(32));
  const founded = await work.session.found(group, keys, packages);
  // A peer's leaf by whose package nobody can be added: until that leaf is retired, nobody can be spoken to.
  if (!founded.ok) return undefined;
  const { generation, welcome } = founded.value;
  const members = liveMembers(relationship);
  if (generation.members.length !== members.length || !generation.members.every((id, at) => equalBytes(id, members[at] ?? own.id)))
    return undefined;
  const statement = await signStatement(
    {
      type: "generation",
      side: relationship.mine.side,
      heads: relationship.mine.state.heads,
      claimedAt: work.now(),
      body: {
        suite: "ed25519-xwing-aes256gcm-sha512",
        ...nextNumber(relationship),
        group,
        members: generation.members,
        peerHeads: relationship.peer?.state.heads ?? [],
        welcome: sha256(welcome),
        lastResort: lastResort.toSorted((a, b) => (idKey(a) < idKey(b) ? -1 : 1)),
      },
    },
    signerOf(keys),
  );
  const entry = await keepGeneration(work, relationship, statement, generation);
  const envelope = { kind: "generation", value: { statement: statement.bytes, welcome } } as const;
  if (relationship.peer !== undefined) await deposit(work, relationship.id, "peer", envelope);
  if (liveLeaves(relationship.mine.state).length > 1 || relationship.peer !== undefined)
    await deposit(work, relationship.id, "own", envelope);
  return entry;
}

/** The generation to send in: the best joined one, or, where there is none or it has had its time, a new one. */
export async function generationToSend(work: Work, relationship: Relationship): Promise<GenerationEntry | undefined> {
  const own = await ownLeaf(work, relationship);
  const current = sendingGeneration(relationship);
  if (current !== undefined && own !== undefined && !needsHealing(work, current, own.id)) return current;
  return (await found(work, relationship)) ?? current;
}

export type Arrival = "accepted" | "wait" | "refused" | "known";

/** A generation that somebody else founded. */
export async function arrive(work: Work, relationship: Relationship, envelope: EnvelopeOf<"generation">): Promise<Arrival> {
  const parsed = parseStatement(envelope.statement);
  if (!parsed.ok || parsed.value.type !== "generation") return "refused";
  const statement = parsed.value;
  const known = relationship.generations.get(idKey(statement.id));
  if (known !== undefined && known.row.status !== "known") return "known";
  const check = checkGeneration(work, relationship, statement);
  if (check.kind !== "accept") return check.kind === "wait" ? "wait" : "refused";
  if (!equalBytes(sha256(envelope.welcome), statement.body.welcome)) return "refused";
  await keepGeneration(work, relationship, statement, await join(work, relationship, statement, envelope.welcome));
  return "accepted";
}

async function join(work: Work, relationship: Relationship, statement: KnownStatement<"generation">, welcome: Bytes) {
  const own = await ownLeafAmong(work, relationship, statement.body.members);
  if (own === undefined) return undefined;
  const keys = await leafKeys(work, own.id);
  if (keys === undefined) throw new Error("no keys for our own leaf");
  const { group, members } = statement.body;
  const founder = members.find((leaf) => idKey(leaf) === idKey(statement.signer));
  if (founder === undefined) return undefined;
  const joined = await work.session.join(welcome, keys, await packagesOf(work, relationship.id, keys), { group, members, founder });
  // A Welcome that does not open was made for a package we no longer have, or made badly: its founder gets no ack, and
  // founds again.
  return joined.ok ? joined.value.generation : undefined;
}

/**
 * Whether the current generation should be founded again because it had to use a last-resort package of a leaf that has
 * published a fresh one since. Only its founder does it, so that the others need not race.
 */
export async function canRefresh(work: Work, relationship: Relationship): Promise<boolean> {
  const entry = sendingGeneration(relationship);
  const own = await ownLeaf(work, relationship);
  if (
    entry === undefined ||
    own === undefined ||
    idKey(entry.statement.signer) !== idKey(own.id) ||
    !hasLiveMembers(relationship, entry)
  )
    return false;
  for (const leaf of entry.statement.body.lastResort) {
    if ((await freshPackage(work, relationship, leaf, entry)) !== undefined) return true;
  }
  return false;
}
