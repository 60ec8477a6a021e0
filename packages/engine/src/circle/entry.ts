/**
 * Which entries of the replicated state another device, or the archive, may write. A device of ours that is in other hands
 * tells the circle what it likes as long as it is live: whatever does not fit is left aside, and never throws.
 */
import { decode, equalBytes, expectOk, type Schema, struct, toHex, uint } from "@photon/protocol/codec";
import { isHybridRecipient } from "@photon/protocol/archive";
import { maxVersionStep } from "@photon/protocol/lineage";
import type { Change } from "@photon/protocol/queue";
import { type LeafId, leafSchema, parseStatement } from "@photon/protocol/statement";
import { formerSchema } from "../archive/former.ts";
import { importedKey, importedSchema } from "../archive/imported.ts";
import { locationSchema, latestTimeIn, recipientsIn } from "../archive/location-record.ts";
import { messageSchema } from "../conversation/messages.ts";
import {
  circleId,
  claimSchema,
  flagSchema,
  getRecord,
  inboxSecretSchema,
  keys,
  leafOfSchema,
  peerSchema,
  petnameSchema,
  recordSchema,
  timeSchema,
  verifiedSchema,
} from "../relationship/records.ts";
import { dealtSchema, memberSchema, planSchema } from "../plan/records.ts";
import type { Work } from "../storage/core.ts";
import { decisionSchema } from "../succession/decisions.ts";
import { contestedSchema, noticeSchema } from "../succession/notices.ts";
import { caseSchema, trustSchema } from "../trustee/records.ts";
import { deviceSchema } from "./devices.ts";
import { getState, listState, policyOf } from "./state.ts";

/** A leaf of the circle: whose message brought the entry. Without it the entry's writer is not asked for. */
export type Origin = { readonly from: "archive" } | { readonly from: "circle"; readonly sender: LeafId | undefined };

/**
 * How far ahead a clock may be and still be believed to be an honest, wrong one: ten years have to work. What is written
 * over an entry is later than it, so that one at the end of all time could never be changed again.
 */
const maxAhead = 50 * 366 * 24 * 3600 * 1000;

/** Bytes of the record of the archive: it has to fit what the circle is told. */
const maxLocation = 40 * 1024;

/** Whether an entry may be merged into what this device holds. */
export async function mayMerge(work: Work, change: Change, origin: Origin): Promise<boolean> {
  const { key, value, hlc } = change;
  const [prefix = ""] = key.split("/");
  // A message's time is its sender's, who may be a peer; it is never written over.
  if (prefix !== "msg" && hlc.wall > work.now() + maxAhead) return false;
  if (origin.from === "circle" && !policyOf(key).circle) return false;
  if (value === undefined) return mayDelete(work, key, origin);
  if (!(await hasForm(work, key, value))) return false;
  if (!(await keepsWhatIsFixed(work, key, value))) return false;
  return origin.from === "archive" || origin.sender === undefined || isWriter(work, key, value, origin.sender);
}

/** Only spares are ever taken away by the circle: by the device that made them, or by the one they are for. */
async function mayDelete(work: Work, key: string, origin: Origin): Promise<boolean> {
  const [prefix = "", owner = "", consumer = ""] = key.split("/");
  if (prefix === "spare") {
    if (origin.from === "archive" || origin.sender === undefined) return true;
    const device = await deviceOf(work, origin.sender);
    return device === undefined ? !(await isKnown(work, owner)) : device === owner || device === consumer;
  }
  return key.startsWith("arch/damaged/") || key.startsWith("arch/former/") || !isOurs(prefix);
}

const prefixes = new Set([
  "rel",
  "inbox",
  "leafof",
  "claim",
  "dev",
  "auth",
  "fs",
  "spare",
  "seen",
  "arch",
  "st",
  "msg",
  "ack",
  "plan",
  "trust",
  "board",
  "bseen",
  "notice",
  "recovered",
]);
const isOurs = (prefix: string): boolean => prefixes.has(prefix);

const fits = <T>(schema: Schema<T>, value: Uint8Array): boolean => decode(schema, value, value.length).ok;

async function hasForm(work: Work, key: string, value: Uint8Array): Promise<boolean> {
  const [prefix = "", first = "", second = "", third = ""] = key.split("/");
  switch (prefix) {
    case "rel":
      return fitsRelationship(first, second, key, value);
    case "inbox": {
      const secret = decode(inboxSecretSchema, value, value.length);
      return secret.ok && key === keys.inbox(first, secret.value.sendId);
    }
    case "leafof":
      return fits(leafOfSchema, value) && /^[0-9a-f]{64}$/u.test(second);
    case "claim": {
      const claim = decode(claimSchema, value, value.length);
      return claim.ok && key === keys.claim(first, claim.value.side);
    }
    case "dev":
      return key === `dev/${first}` && canBeWrappedTo(deviceSchema, value, (record) => [record.recipient]);
    case "fs":
    case "ack":
      return fits(uint(), value) && second !== "";
    case "seen":
      return fits(uint(), value) && key === `seen/${first}`;
    case "spare": {
      const leaf = decode(leafSchema, value, value.length);
      if (!leaf.ok || key !== `spare/${first}/${second}/${third}` || third !== toHex(leaf.value.id)) return false;
      // One that cannot be added would stop every founding after its admission.
      const info = await work.session.inspectKeyPackage(leaf.value.lastResort);
      return info.ok && equalBytes(info.value.leaf, leaf.value.id);
    }
    case "arch":
      if (first === "location") {
        const location = decode(locationSchema, value, value.length);
        if (!location.ok || latestTimeIn(location.value) > work.now() + maxAhead || value.length > maxLocation) return false;
        return canBeWrappedTo(locationSchema, value, recipientsIn);
      }
      if (first === "former") return fits(formerSchema, value);
      return first !== "damaged" || fits(struct({ at: [1, uint()] }), value);
    case "st": {
      const statement = parseStatement(value);
      return statement.ok && key === keys.statement(first, statement.value.id);
    }
    case "msg":
      return fits(messageSchema, value);
    case "plan":
      return (await isNearVersion(work, first)) && fitsPlan(first, second, value);
    case "trust":
      return fitsTrust(second, value);
    case "bseen":
    case "recovered":
      return fits(uint(), value);
    case "notice":
      return fits<unknown>(second === "contested" ? contestedSchema : noticeSchema, value);
    default:
      return true;
  }
}

/** One that the archive's keys cannot be wrapped to would stop every upload. */
async function canBeWrappedTo<T>(
  schema: Schema<T>,
  value: Uint8Array,
  recipients: (record: T) => readonly string[],
): Promise<boolean> {
  const record = decode(schema, value, value.length);
  if (!record.ok) return false;
  for (const recipient of recipients(record.value)) if (!(await isHybridRecipient(recipient))) return false;
  return true;
}

function fitsRelationship(id: string, what: string, key: string, value: Uint8Array): boolean {
  const schemas: Readonly<Record<string, Schema<unknown>>> = {
    record: recordSchema,
    petname: petnameSchema,
    peer: peerSchema,
    confirmed: flagSchema,
    closed: flagSchema,
    verified: verifiedSchema,
    looked: timeSchema,
    [importedKey(id).split("/")[2] ?? ""]: importedSchema,
  };
  if (/^(?:rotated|settled|unsent)-/u.test(what)) return fits(flagSchema, value);
  if (what.startsWith("decided-")) return fits(decisionSchema, value);
  const schema = Object.hasOwn(schemas, what) ? schemas[what] : undefined;
  return schema === undefined || (fits(schema, value) && key === `rel/${id}/${what}`);
}

function fitsPlan(version: string, what: string, value: Uint8Array): boolean {
  if (what !== "record") return fits<unknown>(what === "dealt" ? dealtSchema : memberSchema, value);
  const plan = decode(planSchema, value, value.length);
  return plan.ok && plan.value.version === Number(version);
}

/** A device in other hands must not use the numbers of plans up: one is larger than any before it by no more than in a lineage. */
async function isNearVersion(work: Work, version: string): Promise<boolean> {
  if (!/^\d{10}$/u.test(version)) return false;
  const held = (await listState(work, "plan/")).map(({ key }) => Number(key.split("/")[1]));
  return Number(version) <= Math.max(0, ...held) + maxVersionStep;
}

const fitsTrust = (what: string, value: Uint8Array): boolean =>
  fits<unknown>(what.startsWith("p-") ? trustSchema : what.startsWith("c-") ? caseSchema : uint(), value);

/** A relationship's record, an inbox, a device's keys and whose a leaf is are written once: what comes later and says otherwise is refused. */
async function keepsWhatIsFixed(work: Work, key: string, value: Uint8Array): Promise<boolean> {
  const [prefix = "", , what = ""] = key.split("/");
  const held = await getState(work, key);
  if (held === undefined) return true;
  if (prefix === "inbox") return equalBytes(held, value);
  // What was planned and dealt stays as it was: a plan is replaced by another version, never rewritten. Of two that were asked about at
  // once under one number, all devices keep the later, as long as none is dealt.
  if (prefix === "plan" && (what === "record" || what === "dealt"))
    return equalBytes(held, value) || (what === "record" && (await getState(work, key.replace(/record$/u, "dealt"))) === undefined);
  if (prefix === "trust" && what.startsWith("p-")) return keepsPacket(held, value);
  if (prefix === "rel" && what === "record") {
    const [first, later] = [decode(recordSchema, held, held.length), decode(recordSchema, value, value.length)];
    return first.ok && later.ok && equalBytes(first.value.mine, later.value.mine) && first.value.role === later.value.role;
  }
  if (prefix === "dev") {
    const [first, later] = [decode(deviceSchema, held, held.length), decode(deviceSchema, value, value.length)];
    return (
      first.ok && later.ok && equalBytes(first.value.leaf, later.value.leaf) && first.value.recipient === later.value.recipient
    );
  }
  if (prefix !== "leafof") return true;
  const [first, later] = [decode(leafOfSchema, held, held.length), decode(leafOfSchema, value, value.length)];
  return first.ok && later.ok && first.value.device === later.value.device;
}

/** A packet that is held is not exchanged for another. */
function keepsPacket(held: Uint8Array, value: Uint8Array): boolean {
  const [first, later] = [decode(trustSchema, held, held.length), decode(trustSchema, value, value.length)];
  if (!first.ok || !later.ok || first.value.packet === undefined) return first.ok && later.ok;
  return later.value.packet !== undefined && equalBytes(first.value.packet, later.value.packet);
}

/** What speaks for one device comes from that device; who admits a device introduces it. */
async function isWriter(work: Work, key: string, value: Uint8Array, sender: LeafId): Promise<boolean> {
  const [prefix = "", named = "", what = ""] = key.split("/");
  if (prefix === "leafof" && named === circleId) {
    const { device } = expectOk(decode(leafOfSchema, value, value.length));
    const record = await getRecord(work, `dev/${device}`, deviceSchema);
    return record === undefined || toHex(record.leaf) === what;
  }
  if (prefix !== "dev" && prefix !== "spare" && prefix !== "seen") return true;
  const device = await deviceOf(work, sender);
  if (device === named) return true;
  // A new device may be heard before the one that admitted it has told of it: it speaks for nobody whom we know.
  if (prefix !== "dev") return device === undefined && !(await isKnown(work, named));
  const record = decode(deviceSchema, value, value.length);
  if (!record.ok || (await isKnown(work, named))) return false;
  const owner = await deviceOf(work, record.value.leaf);
  return owner === undefined || owner === named;
}

const isKnown = async (work: Work, device: string): Promise<boolean> => (await getState(work, `dev/${device}`)) !== undefined;

const deviceOf = async (work: Work, leaf: LeafId): Promise<string | undefined> =>
  (await getRecord(work, keys.leafOf(circleId, leaf), leafOfSchema))?.device;

/** Whether a kept message is one from a leaf that did not count: it gives way to the same message from one that does. */
export function isQuarantined(value: Uint8Array | undefined): boolean {
  const message = value === undefined ? undefined : decode(messageSchema, value, value.length);
  return message?.ok === true && message.value.quarantined;
}
