/** Photon's sessions as the benchmarks use them: groups of so many leaves, and a conversation in one. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { asBytes, type Bytes, compareBytes, expectOk } from "@photon/protocol/codec";
import type { Generation, KeyPackagePair, LeafKeys, Session } from "@photon/protocol/session";
import { type GroupId, makeGroupId, makeLeafId } from "@photon/protocol/statement";
import { plaintext } from "./measure.ts";

export interface Member {
  readonly leaf: LeafKeys;
  readonly pair: KeyPackagePair;
}

export async function makeMembers(session: Session, count: number): Promise<readonly Member[]> {
  const members: Member[] = [];
  for (let i = 0; i < count; i++) {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    const leaf = { seed, id: makeLeafId(asBytes(ed25519.getPublicKey(seed))) };
    members.push({ leaf, pair: await session.makeKeyPackage(leaf) });
  }
  return members;
}

export interface Founded {
  readonly group: GroupId;
  readonly generation: Generation;
  readonly welcome: Bytes;
}
export async function found(session: Session, [founder, ...others]: readonly Member[]): Promise<Founded> {
  if (founder === undefined) throw new Error("a group has a founder");
  const group = makeGroupId(crypto.getRandomValues(new Uint8Array(32)));
  const packages = others.map((other) => other.pair.public);
  return { group, ...expectOk(await session.found(group, founder.leaf, packages)) };
}

export async function join(session: Session, founded: Founded, members: readonly Member[], place: number): Promise<Generation> {
  const [founder, self] = [members[0], members[place]];
  if (founder === undefined || self === undefined) throw new Error(`no member ${place}`);
  const ids = members.map((member) => member.leaf.id).toSorted(compareBytes);
  const expected = { group: founded.group, members: ids, founder: founder.leaf.id };
  return expectOk(await session.join(founded.welcome, self.leaf, [self.pair], expected)).generation;
}

/**
 * One message sealed and opened, and what must be stored of both states encoded, as the engine does for every message.
 * @param leaves members of the group.
 */
export async function makeConversation(session: Session, leaves: number): Promise<() => Promise<void>> {
  const members = await makeMembers(session, leaves);
  const founded = await found(session, members);
  let sender = founded.generation;
  let receiver = await join(session, founded, members, 1);
  return async () => {
    const sealed = await session.seal(sender, plaintext);
    sender = sealed.generation;
    session.encode(sender);
    const opened = expectOk(await session.open(receiver, sealed.message));
    receiver = opened.generation;
    session.encode(receiver);
  };
}
