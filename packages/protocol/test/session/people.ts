/** Leaves, groups and conversations for the session tests. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { asBytes, type Bytes, compareBytes, equalBytes, expectOk } from "@photon/protocol/codec";
import {
  makeSession,
  portableCrypto,
  type Generation,
  type KeyPackagePair,
  type LeafKeys,
  type Session,
} from "@photon/protocol/session";
import { type GroupId, makeGroupId, makeLeafId } from "@photon/protocol/statement";

export const portable: Session = await makeSession(portableCrypto);

export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
export function makeLeaf(): LeafKeys {
  const seed = random(32);
  return { seed, id: makeLeafId(asBytes(ed25519.getPublicKey(seed))) };
}
export const sorted = <T extends Bytes>(ids: readonly T[]): readonly T[] => ids.toSorted(compareBytes);

export interface Member {
  readonly leaf: LeafKeys;
  readonly pair: KeyPackagePair;
  generation: Generation;
}
export interface Group {
  readonly id: GroupId;
  readonly welcome: Bytes;
  /** The founder first. */
  readonly members: readonly Member[];
}

export interface Invited {
  readonly leaf: LeafKeys;
  readonly pair: KeyPackagePair;
}
export async function invite(session: Session, count: number): Promise<readonly Invited[]> {
  const invited: Invited[] = [];
  for (let i = 0; i < count; i++) {
    const leaf = makeLeaf();
    invited.push({ leaf, pair: await session.makeKeyPackage(leaf) });
  }
  return invited;
}

/** @param sessions the founder's, then the joiners', in turn. */
export async function makeGroup(size: number, sessions: readonly Session[] = [portable]): Promise<Group> {
  const sessionOf = (index: number): Session => sessions[index % sessions.length] ?? portable;
  const [founder, ...others] = await invite(sessionOf(0), size);
  if (founder === undefined) throw new Error("a group has a founder");
  const id = makeGroupId(random(32));
  const founded = expectOk(
    await sessionOf(0).found(
      id,
      founder.leaf,
      others.map((other) => other.pair.public),
    ),
  );
  const expected = { group: id, members: sorted([founder, ...others].map((one) => one.leaf.id)), founder: founder.leaf.id };
  const members: Member[] = [{ ...founder, generation: founded.generation }];
  for (const [index, other] of others.entries()) {
    const joined = expectOk(await sessionOf(index + 1).join(founded.welcome, other.leaf, [other.pair], expected));
    members.push({ ...other, generation: joined.generation });
  }
  return { id, welcome: founded.welcome, members };
}

export function memberOf(group: Group, place: number): Member {
  const member = group.members[place];
  if (member === undefined) throw new Error(`no member ${place}`);
  return member;
}

/** Does one byte string occur in another? */
export const occurs = (part: Uint8Array, whole: Uint8Array): boolean => {
  for (let at = whole.indexOf(part[0] ?? 0); at >= 0; at = whole.indexOf(part[0] ?? 0, at + 1)) {
    if (equalBytes(whole.subarray(at, at + part.length), part)) return true;
  }
  return false;
};
