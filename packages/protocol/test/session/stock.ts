/** The MLS library as it comes, for the other end of a test: a peer that follows RFC 9420 but none of our rules. */
import { decodeCbor, expectOk } from "@photon/protocol/codec";
import type { KeyPackagePair, LeafKeys } from "@photon/protocol/session";
import { portableCrypto } from "@photon/protocol/session";
import {
  type ClientState,
  createApplicationMessage,
  createCommit,
  type CreateCommitOptions,
  createGroup,
  encodeMlsMessage,
  type Extension,
  joinGroup,
  type PrivateKeyPackage,
  type Proposal,
} from "ts-mls";
import { encodeGroupInfo, type GroupInfo } from "ts-mls/groupInfo.js";
import { decodeKeyPackage, type KeyPackage, makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { decodeWelcome, decryptGroupInfo, decryptGroupSecrets, encodeWelcome, type Welcome } from "ts-mls/welcome.js";
import { clientConfig } from "../../src/session/library.ts";
import { suiteOver } from "../../src/session/suite.ts";

export const suite = await suiteOver(portableCrypto);

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the library gave nothing");
  return value;
}
export const stockPackage = (pair: KeyPackagePair): KeyPackage => present(decodeKeyPackage(pair.public, 0))[0];

export function stockSecrets(leaf: LeafKeys, pair: KeyPackagePair): PrivateKeyPackage {
  const secret = expectOk(decodeCbor(pair.secret, 256));
  const part = (key: number): Uint8Array => {
    const value = secret instanceof Map ? (secret.get(key) as unknown) : undefined;
    if (!(value instanceof Uint8Array)) throw new Error(`no secret ${key}`);
    return value.slice();
  };
  return { initPrivateKey: part(2), hpkePrivateKey: part(3), signaturePrivateKey: leaf.seed };
}

export interface StockMember {
  readonly leaf: LeafKeys;
  readonly pair: KeyPackagePair;
}

export const stockJoin = (welcome: Uint8Array, { leaf, pair }: StockMember): Promise<ClientState> =>
  joinGroup(
    present(decodeWelcome(welcome, 0))[0],
    stockPackage(pair),
    stockSecrets(leaf, pair),
    emptyPskIndex,
    suite,
    undefined,
    undefined,
    clientConfig,
  );

export interface StockFounding {
  readonly group: Uint8Array;
  readonly founder: StockMember;
  readonly others: readonly StockMember[];
  readonly groupExtensions?: Extension[];
  readonly proposals?: readonly Proposal[];
  readonly options?: CreateCommitOptions;
}
export interface StockFounded {
  readonly state: ClientState;
  readonly welcome: Welcome;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Founds as `found` does, with whatever else is asked for. Others are added in the order given. */
export async function stockFound({ group, founder, others, ...rest }: StockFounding): Promise<StockFounded> {
  const alone = await createGroup(
    group,
    stockPackage(founder.pair),
    stockSecrets(founder.leaf, founder.pair),
    rest.groupExtensions ?? [],
    suite,
    clientConfig,
  );
  return stockAdd(alone, others, rest.options, rest.proposals);
}

export async function stockAdd(
  state: ClientState,
  others: readonly StockMember[],
  options: CreateCommitOptions = {},
  proposals: readonly Proposal[] = [],
): Promise<StockFounded> {
  const adds = others.map((other): Proposal => ({ proposalType: "add", add: { keyPackage: stockPackage(other.pair) } }));
  const { newState, welcome } = await createCommit(
    { state, cipherSuite: suite },
    { ratchetTreeExtension: true, extraProposals: [...adds, ...proposals], ...options },
  );
  return { state: newState, welcome: present(welcome), bytes: new Uint8Array(encodeWelcome(present(welcome))) };
}

/** A message as the library seals it, padded to what the state's configuration says. */
export async function stockSeal(
  state: ClientState,
  plaintext: Uint8Array,
): Promise<{ readonly state: ClientState; readonly message: Uint8Array<ArrayBuffer> }> {
  const { newState, privateMessage } = await createApplicationMessage(state, plaintext, suite);
  const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage });
  return { state: newState, message: new Uint8Array(message) };
}

/** What is inside a Welcome, as the member that it is for can see it. */
export async function groupInfoOf(welcome: Uint8Array, { leaf, pair }: StockMember): Promise<GroupInfo> {
  const parsed = present(decodeWelcome(welcome, 0))[0];
  const ref = await makeKeyPackageRef(stockPackage(pair), suite.hash);
  const key = await suite.hpke.importPrivateKey(stockSecrets(leaf, pair).initPrivateKey);
  const secrets = present(await decryptGroupSecrets(key, ref, parsed, suite.hpke));
  return present(await decryptGroupInfo(parsed, secrets.joinerSecret, new Uint8Array(64), suite));
}
export const groupInfoBytes = (info: GroupInfo): Uint8Array<ArrayBuffer> => new Uint8Array(encodeGroupInfo(info));
