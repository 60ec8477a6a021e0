/**
 * A device in other hands: unlocked, offline, and copied whole at one moment. Whoever holds the copy has everything that
 * the device knew, uses the engine's own parts, and talks to relay and vault directly.
 */
import { type MemorySnapshot, memoryStore } from "@photon/engine/adapters/memory";
import { asBytes, type Bytes, decode, expectOk } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import {
  appendMac,
  type Content,
  decodeContent,
  decodeEnvelope,
  encodeContent,
  encodeEnvelope,
  type Envelope,
  fragmentEnvelope,
  openDeposit,
  rotationKeys,
  sealDeposit,
  signRead,
} from "@photon/protocol/queue";
import {
  type Bodies,
  ed25519Signer,
  idKey,
  type LineageType,
  type Statement,
  type StatementId,
  signStatement,
} from "@photon/protocol/statement";
import type { Device } from "@photon/testkit";
import { listState } from "../../packages/engine/src/circle/state.ts";
import { loadLocation, type Located, locatedIn } from "../../packages/engine/src/archive/location.ts";
import { newContent } from "../../packages/engine/src/conversation/content.ts";
import { profileSchema, selfOf } from "../../packages/engine/src/profile/profile.ts";
import { ratchets } from "../../packages/engine/src/relationship/generations.ts";
import { leafKeys } from "../../packages/engine/src/relationship/leaves.ts";
import {
  circleId,
  getRecord,
  inboxSecretSchema,
  type InboxSecret,
  keys,
  petnameSchema,
} from "../../packages/engine/src/relationship/records.ts";
import type { Relationship } from "../../packages/engine/src/relationship/model.ts";
import { loadRelationship, ownLeaf, relationshipIds } from "../../packages/engine/src/relationship/relationship.ts";
import { parseRow, Work } from "../../packages/engine/src/storage/core.ts";

/** Where a deposit goes, and under which keys. */
export interface Address {
  readonly relay: string;
  readonly sendId: Bytes;
  readonly writeKey: Bytes;
  readonly sealKey: Bytes;
}

export interface OpenPhone {
  readonly work: Work;
  /** The copy as it is now: with `restoreDisk` it becomes the device. */
  snapshot(): MemorySnapshot;
  /** The relationship with whom it calls by this petname, as it was then. */
  relationship(petname: string): Promise<Relationship>;
  circle(): Promise<Relationship>;
  inboxes(): Promise<readonly (InboxSecret & { readonly relationship: string })[]>;
  /** At the first vault. */
  archive(): Promise<Located>;
  /** Every address it ever knew: its side's inboxes at every rotation, and its peers'. */
  addresses(): Promise<readonly Address[]>;
  /** What the relay hands to the old read keys. */
  readInbox(inbox: InboxSecret, after?: number): Promise<readonly Bytes[] | string>;
  /** What a moved inbox hands to whoever reads it. */
  bundleOf(inbox: InboxSecret): Promise<Bytes | undefined>;
  append(to: Address, envelope: Envelope): Promise<string>;
  /** Signs with the device's own leaf. By default it follows the heads that it knew. */
  sign<T extends LineageType>(
    relationship: Relationship,
    type: T,
    body: Bodies[T],
    options?: { readonly heads?: readonly StatementId[]; readonly claimedAt?: number },
  ): Promise<Statement>;
  /** A text in the newest generation it is in. */
  seal(relationship: Relationship, text: string): Promise<Envelope>;
  sealContent(relationship: Relationship, content: Content): Promise<Envelope>;
  newContent(relationship: Relationship, kind: string, body: Bytes): Promise<Content>;
  /** What it can make of a body that lies at a relay, with every key it has. */
  open(body: Bytes): Promise<"nothing" | "outer seal" | "message">;
}

export async function openPhone(device: Device): Promise<OpenPhone> {
  const store = memoryStore(device.store.snapshot());
  const ports = { ...device.ports, store };
  const row = await store.get("meta", "profile");
  if (row === undefined) throw new Error("an empty phone");
  const work = new Work(ports, selfOf(expectOk(decode(profileSchema, row.value, 4096))), new Map());

  const all = async (): Promise<readonly Relationship[]> => {
    const found = [];
    for (const id of await relationshipIds(work)) found.push(await loadRelationship(work, id));
    return found;
  };
  const keysOf = async (relationship: Relationship) => {
    const own = await ownLeaf(work, relationship);
    const leaf = own === undefined ? undefined : await leafKeys(work, own.id);
    if (leaf === undefined) throw new Error("a phone without a leaf");
    return leaf;
  };
  const inboxes = async () =>
    (await listState(work, "inbox/")).map(({ key, value }) => ({
      ...parseRow(inboxSecretSchema, value),
      relationship: key.split("/")[1] ?? "",
    }));
  const addresses = async (): Promise<readonly Address[]> => {
    const found: Address[] = [];
    for (const { relay, sendId, root } of await inboxes())
      for (let rotation = 0; rotation < 4; rotation++) found.push({ relay, sendId, ...rotationKeys(root, rotation) });
    for (const { peer } of await all()) found.push(...(peer?.state.inboxes ?? []));
    return found;
  };
  const sealContent = async (relationship: Relationship, content: Content): Promise<Envelope> => {
    for (const entry of [...relationship.generations.values()].toSorted(
      (a, b) => b.statement.body.number - a.statement.body.number,
    )) {
      const live = await ratchets(work, relationship, entry);
      if (live === undefined) continue;
      const { generation, message } = await work.session.seal(live, encodeContent(content));
      entry.live = generation;
      return { kind: "message", value: { generation: entry.statement.id, message } };
    }
    throw new Error("a phone in no generation");
  };

  const read = async ({ relay, receiveId, readSeed }: InboxSecret, after: number) => {
    const answer = await ports.transport.call(relay, "read", [signRead(readSeed, { receiveId, after, limit: 500 })]);
    const result = answer.ok ? answer.value.value[0] : undefined;
    if (result === undefined) throw new Error("the relay did not answer");
    return result;
  };

  const phone: OpenPhone = {
    work,
    snapshot: () => store.snapshot(),
    relationship: async (petname) => {
      for (const relationship of await all()) {
        if ((await getRecord(work, keys.petname(relationship.id), petnameSchema)) === petname) return relationship;
      }
      throw new Error(`nobody called ${petname}`);
    },
    circle: () => loadRelationship(work, circleId),
    inboxes,
    archive: async () => {
      const location = await loadLocation(work);
      const [first] = location === undefined ? [] : locatedIn(location);
      if (first === undefined) throw new Error("a phone without an archive");
      return first;
    },
    addresses,
    readInbox: async (inbox, after = 0) => {
      const result = await read(inbox, after);
      return result.kind === "batch" ? result.value.entries.map(({ body }) => body) : result.value;
    },
    bundleOf: async (inbox) => {
      const result = await read(inbox, 0);
      return result.kind === "batch" ? result.value.bundle : undefined;
    },
    append: async ({ relay, sendId, writeKey, sealKey }, envelope) => {
      let said = "";
      for (const inner of fragmentEnvelope(encodeEnvelope(envelope), work.random(16))) {
        const fields = { sendId, appendId: work.random(16), body: expectOk(sealDeposit(sealKey, inner, work.random(24))) };
        const answer = await ports.transport.call(relay, "append", { ...fields, mac: appendMac(writeKey, fields) });
        said = answer.ok ? answer.value.kind : answer.error.code === "refused" ? answer.error.refusal : answer.error.code;
      }
      return said;
    },
    sign: async (relationship, type, body, { heads, claimedAt } = {}) => {
      const { side, state } = relationship.mine;
      const draft = { type, side, heads: heads ?? state.heads, claimedAt: claimedAt ?? work.now(), body };
      return signStatement<LineageType>(draft, ed25519Signer((await keysOf(relationship)).seed));
    },
    seal: async (relationship, text) =>
      sealContent(relationship, await newContent(work, relationship, "text", asBytes(new TextEncoder().encode(text)))),
    sealContent,
    newContent: (relationship, kind, body) => newContent(work, relationship, kind, body),
    open: async (body) => {
      const inner = openDeposit(
        (await addresses()).map(({ sealKey }) => sealKey),
        body,
      );
      if (!inner.ok) return "nothing";
      const envelope = decodeEnvelope(inner.value);
      if (!envelope.ok || envelope.value.kind !== "message") return "outer seal";
      for (const relationship of await all()) {
        for (const entry of relationship.generations.values()) {
          const live = await ratchets(work, relationship, entry);
          if (live === undefined) continue;
          const opened = await work.session.open(live, envelope.value.value.message);
          if (opened.ok && decodeContent(opened.value.plaintext).ok) return "message";
        }
      }
      return "outer seal";
    },
  };
  return phone;
}

/** Hex ids of the live leaves of a lineage, as a device sees it. */
export const liveIds = (state: Relationship["mine"]["state"]): readonly string[] =>
  liveLeaves(state).map(({ leaf }) => idKey(leaf.id));

/** A device's own view of its relationship with somebody, read from its disk. */
export async function viewOf(device: Device, petname: string): Promise<Relationship> {
  return (await openPhone(device)).relationship(petname);
}
