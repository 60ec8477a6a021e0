/** A peer who means ill: a real device's keys, without its engine. Whatever its leaf can sign or seal, it can send. */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, expectOk, type Hlc, utf8 } from "@photon/protocol/codec";
import type { Envelope } from "@photon/protocol/queue";
import { ed25519Signer, type KnownStatement, makeGroupId, type Signer, signStatement } from "@photon/protocol/statement";
import type { Device } from "@photon/testkit";
import { leafKeys } from "../../packages/engine/src/relationship/leaves.ts";
import { liveMembers, type Relationship } from "../../packages/engine/src/relationship/model.ts";
import { ownLeaf } from "../../packages/engine/src/relationship/relationship.ts";
import { type Address, openPhone, type OpenPhone } from "./open-phone.ts";

type GenerationBody = KnownStatement<"generation">["body"];
interface ContentFields {
  readonly id?: Bytes;
  readonly sent?: Hlc;
  readonly kind?: string;
  readonly body?: Bytes;
}

export interface Attacker {
  readonly phone: OpenPhone;
  /** As the attacker knows it. */
  readonly relationship: Relationship;
  /** Of the attacker's own leaf. */
  readonly signer: Signer;
  /** The victim's inbox. */
  readonly inbox: Address;
  /** Deposits with the victim, one after the other. Throws if the relay takes one of them not. */
  put(...envelopes: readonly Envelope[]): Promise<void>;
  /** A content, sealed as the victim expects it. */
  said(text: string, fields?: ContentFields): Promise<Envelope>;
  /** A founding that is what it should be but for the changes. @param welcome instead of one that opens. */
  foundAs(changes: Partial<GenerationBody>, welcome?: Bytes): Promise<Envelope & { readonly kind: "generation" }>;
}

export async function attackerWith(device: Device, victim: string): Promise<Attacker> {
  const phone = await openPhone(device);
  const { work } = phone;
  const relationship = await phone.relationship(victim);
  const own = await ownLeaf(work, relationship);
  const keys = own === undefined ? undefined : await leafKeys(work, own.id);
  const { peer, mine } = relationship;
  const inbox = peer?.state.inbox;
  if (keys === undefined || peer === undefined || inbox === undefined) throw new Error("nobody to attack");
  const signer = ed25519Signer(keys.seed);
  return {
    phone,
    relationship,
    signer,
    inbox,
    put: async (...envelopes) => {
      for (const envelope of envelopes) {
        const answer = await phone.append(inbox, envelope);
        if (answer !== "appended") throw new Error(`not appended: ${answer}`);
      }
    },
    said: async (text, fields = {}) => {
      const content = await phone.newContent(relationship, "text", utf8(text));
      return phone.sealContent(relationship, { ...content, ...fields });
    },
    foundAs: async (changes, welcome) => {
      const [top] = [...relationship.generations.values()].toSorted((a, b) => b.statement.body.number - a.statement.body.number);
      const group = makeGroupId(work.random(32));
      const others = [...peer.state.leaves.values()].map(({ leaf }) => leaf.lastResort);
      const sent = welcome ?? expectOk(await work.session.found(group, keys, others)).welcome;
      const body: GenerationBody = {
        suite: "ed25519-xwing-aes256gcm-sha512",
        number: (top?.statement.body.number ?? 0) + 1,
        parents: top === undefined ? [] : [top.statement.id],
        group,
        members: liveMembers(relationship),
        peerHeads: peer.state.heads,
        welcome: asBytes(sha256(sent)),
        lastResort: [],
        ...changes,
      };
      const draft = { type: "generation", side: mine.side, heads: mine.state.heads, claimedAt: 0, body } as const;
      const statement = await signStatement<"generation">(draft, signer);
      return { kind: "generation", value: { statement: statement.bytes, welcome: sent } };
    },
  };
}
