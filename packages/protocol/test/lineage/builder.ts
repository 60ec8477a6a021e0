/**
 * Lineages as stories: `ana.found("phone"); ana.admit("phone", ["laptop"]); ana.retire("laptop", ["phone"])`. The statements are
 * made directly, without encoding or signing, so that millions are cheap; `reduce` is given what `parseStatement` returns,
 * and never looks at bytes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, compareBytes, concat, utf8 } from "@photon/protocol/codec";
import { type Decisions, type LineageState, reduce } from "@photon/protocol/lineage";
import {
  type Bodies,
  type Custody,
  idKey,
  type KnownStatement,
  type Leaf,
  type LeafId,
  makeLeafId,
  makeRecoverySalt,
  makeSideId,
  makeStatementId,
  type PlanParts,
  recoveryCommitment,
  type SideId,
  type Statement,
  type StatementId,
  type StatementType,
} from "@photon/protocol/statement";

export const hour = 60 * 60 * 1000;
export const day = 24 * hour;

const none = new Uint8Array(0);
const hashes = new Map<string, Bytes>();
function hash(text: string): Bytes {
  const known = hashes.get(text);
  if (known !== undefined) return known;
  const made = asBytes(sha256(utf8(text)));
  hashes.set(text, made);
  return made;
}

export const leafId = (name: string): LeafId => makeLeafId(hash(`leaf ${name}`));
export const keyOf = (name: string): Bytes => hash(`key ${name}`);
export const leafOf = (name: string): Leaf => ({ id: leafId(name), lastResort: utf8(name) });

export const onDevice: Custody = { class: "device", strength: "software", escrow: false, shares: false, trustees: false };
export const hostedAt = (host: string): Custody => ({ ...onDevice, class: "host", host });
export const noPlan: PlanParts = { version: 0, commitments: [], admissionKeys: [] };
export const escrowPlan = (version: number, ...keys: string[]): PlanParts => ({
  version,
  commitments: [],
  admissionKeys: keys.map((key) => keyOf(key)),
});

export interface Dealt {
  /** Hours. */
  readonly delay?: number;
  /** Who dealt: a thief's recovery keys are others than Ana's. */
  readonly dealer?: string;
}
/** What opens the commitment of a plan; one blinded key and one salt for each threshold. */
const opening = (version: number, threshold: number, { delay = 48, dealer = "Ana" }: Dealt) => ({
  publicKey: concat(hash(`key ${dealer} ${version} ${threshold}`), hash("rest").slice(0, 16)),
  salt: makeRecoverySalt(delay, hash(`salt ${dealer} ${version} ${threshold}`).slice(0, 30)),
});
export const trusteePlan = (version: number, dealt: Dealt = {}): PlanParts => ({
  version,
  commitments: [0, 1].map((threshold) => {
    const { publicKey, salt } = opening(version, threshold, dealt);
    return { threshold, hash: recoveryCommitment(publicKey, salt) };
  }),
  admissionKeys: [],
});

export const requestNamed = (name: string): Bytes => hash(`request ${name}`);
export const inboxNamed = (name: string): Bodies["move"]["inbox"] => ({
  relay: `https://${name}.example`,
  sendId: hash(name).slice(0, 16),
  writeKey: hash(name),
  sealKey: hash(name),
  rotation: 0,
});

/** What the recovery key of a plan signs, as `trusteePlan` deals it. */
export function successionBody(leaves: readonly string[], planVersion: number, options: SucceedOptions): Bodies["succeed"] {
  const { threshold = 0, salt, inbox = "succeeded", custody = onDevice, expiry } = options;
  const opened = opening(planVersion, threshold, options);
  return {
    suite: "ed25519-xwing-aes256gcm-sha512",
    epoch: options.epoch ?? 1,
    planVersion,
    threshold,
    leaves: leaves.map(leafOf),
    inbox: inboxNamed(inbox),
    custody,
    plan: options.plan ?? noPlan,
    request: requestNamed(options.request ?? "request"),
    notBefore: options.notBefore ?? 0,
    expiry,
    nonce: hash("nonce"),
    ...opened,
    salt: salt ?? opened.salt,
    ...options.says,
  };
}

export interface Where {
  /** The statements it follows; by default all that no other follows yet. */
  readonly heads?: readonly Statement[];
  /** When the observer first sees it, in milliseconds; by default the builder's `at`. */
  readonly at?: number;
}

let serial = 0;

/** A statement of any type, not checked in any way. Its id is a hash of `tag`, or of a serial number. */
export function statementOf<T extends StatementType>(
  type: T,
  body: Bodies[T],
  from: { readonly side: SideId; readonly signer: Bytes; readonly heads: readonly StatementId[]; readonly tag?: string },
): Statement {
  const id = makeStatementId(hash(from.tag ?? `statement ${serial++}`));
  const heads = from.heads.toSorted(compareBytes);
  const algorithm = type === "succeed" ? "bls12381" : "ed25519";
  const common = { id, bytes: none, side: from.side, heads, signer: from.signer, claimedAt: 0, algorithm } as const;
  return { ...common, type, version: 1, body } as KnownStatement;
}

export class Side {
  readonly id: SideId;
  readonly statements: Statement[] = [];
  readonly firstSeen = new Map<string, number>();
  /** When the next statement is first seen. */
  at = 0;

  constructor(name = "ana") {
    this.id = makeSideId(hash(`side ${name}`));
  }

  found(leaf: string, options: Where & { custody?: Custody; plan?: PlanParts; signer?: string } = {}): Statement {
    const { custody = onDevice, plan = noPlan, signer = leaf } = options;
    const body = {
      suite: "ed25519-xwing-aes256gcm-sha512",
      leaf: leafOf(leaf),
      inbox: inboxNamed("first"),
      custody,
      plan,
    } as const;
    return this.#add("found", body, leafId(signer), { heads: [], ...options });
  }
  admit(by: string, leaves: readonly string[], where: Where = {}): Statement {
    return this.#add("admit", { leaves: leaves.map(leafOf), proof: "device" }, leafId(by), where);
  }
  admitByKey(key: string, leaves: readonly string[], where: Where & { proof?: Bodies["admit"]["proof"] } = {}): Statement {
    return this.#add("admit", { leaves: leaves.map(leafOf), proof: where.proof ?? "escrow" }, keyOf(key), where);
  }
  /** By default it trusts all that it follows. */
  retire(by: string, leaves: readonly string[], where: Where & RetireOptions = {}): Statement {
    return this.#retire(leafId(by), leaves, where);
  }
  retireByKey(key: string, leaves: readonly string[], where: Where & RetireOptions = {}): Statement {
    return this.#retire(keyOf(key), leaves, where);
  }
  plan(by: string, plan: PlanParts, where: Where & { custody?: Custody } = {}): Statement {
    return this.#add("plan", { custody: where.custody ?? onDevice, plan }, leafId(by), where);
  }
  planByKey(key: string, plan: PlanParts, where: Where & { custody?: Custody } = {}): Statement {
    return this.#add("plan", { custody: where.custody ?? onDevice, plan }, keyOf(key), where);
  }
  move(by: string, inbox: string, where: Where = {}): Statement {
    return this.#add("move", { inbox: inboxNamed(inbox) }, leafId(by), where);
  }
  close(by: string, where: Where = {}): Statement {
    return this.#add("close", { reason: "goodbye" }, leafId(by), where);
  }
  /** It names the request, or else only the succession. */
  contest(by: string, where: Where & { request?: string; succession?: Statement } = {}): Statement {
    const { request = where.succession === undefined ? "request" : "another", succession } = where;
    const named = succession === undefined ? {} : { succession: succession.id };
    return this.#add("contest", { request: requestNamed(request), reason: "still-here", ...named }, leafId(by), where);
  }
  /** Signed by the key that a plan with that version committed to, as `trusteePlan` makes it. */
  succeed(leaves: readonly string[], planVersion: number, where: Where & Partial<SucceedOptions> = {}): Statement {
    const { at = this.at } = where;
    const body = successionBody(leaves, planVersion, { expiry: at + 14 * day, ...where });
    return this.#add("succeed", body, body.publicKey, where);
  }
  /** Of a type that this version does not know. */
  unknown(by: string, where: Where = {}): Statement {
    const known = this.close(by, where);
    const { body: _body, ...common } = known as KnownStatement<"close">;
    return this.#replace(known, { ...common, type: "unknown", named: "greet", version: 2 });
  }
  /** Adds a statement made elsewhere. */
  take(statement: Statement, at = this.at): Statement {
    this.statements.push(statement);
    this.firstSeen.set(idKey(statement.id), at);
    return statement;
  }
  reduce(now = this.at, statements: Iterable<Statement> = this.statements, decisions: Decisions = new Map()): LineageState {
    return reduce(statements, this.firstSeen, now, decisions);
  }
  /** As the observer's person sees it, who decided about successions. */
  decided(now: number, ...decisions: readonly (readonly [Statement, "accept" | "refuse"])[]): LineageState {
    return this.reduce(now, this.statements, new Map(decisions.map(([{ id }, decision]) => [idKey(id), decision])));
  }

  #retire(signer: Bytes, leaves: readonly string[], where: Where & RetireOptions): Statement {
    const trusted = (where.trusted ?? where.heads ?? this.#tips()).map((statement) => statement.id).toSorted(compareBytes);
    return this.#add("retire", { leaves: leaves.map(leafId), reason: where.reason ?? "lost", trusted }, signer, where);
  }
  #add<T extends StatementType>(type: T, body: Bodies[T], signer: Bytes, where: Where): Statement {
    const heads = (where.heads ?? this.#tips()).map((statement) => statement.id);
    return this.take(statementOf(type, body, { side: this.id, signer, heads }), where.at ?? this.at);
  }
  #replace(old: Statement, made: Statement): Statement {
    this.statements[this.statements.indexOf(old)] = made;
    return made;
  }
  #tips(): readonly Statement[] {
    const followed = new Set(this.statements.flatMap((statement) => statement.heads.map((head) => idKey(head))));
    return this.statements.filter((statement) => !followed.has(idKey(statement.id)));
  }
}

export interface SucceedOptions extends Dealt {
  readonly epoch?: number;
  readonly threshold?: number;
  readonly request?: string;
  readonly notBefore?: number;
  readonly expiry: number;
  readonly plan?: PlanParts;
  readonly inbox?: string;
  readonly custody?: Custody;
  readonly salt?: Bytes;
  /** What it names instead of what its key was committed to for. */
  readonly says?: Partial<Pick<Bodies["succeed"], "planVersion" | "threshold">>;
}

interface RetireOptions {
  readonly trusted?: readonly Statement[];
  readonly reason?: Bodies["retire"]["reason"];
}

/** Names of the leaves among `names` that have a status. */
export const named = (state: LineageState, names: readonly string[], status: "live" | "retired" | "frozen"): string[] =>
  names.filter((name) => state.leaves.get(idKey(leafId(name)))?.status === status);

export const standingIn = (state: LineageState, statement: Statement): string => {
  const standing = state.standing.get(idKey(statement.id));
  return standing?.kind === "void" ? `void: ${standing.rule}` : (standing?.kind ?? "absent");
};
