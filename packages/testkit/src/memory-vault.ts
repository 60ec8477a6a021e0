/**
 * A vault in memory that keeps the rules of a real one, and breaks them when told to: for tests of what an archive does
 * when its vault is away, forgets, lies, or is given up on in the middle of a call.
 */
import {
  type Head,
  headHash,
  type KeptHeads,
  noHead,
  type VaultAnswer,
  type VaultRequest,
  type VaultResponse,
  verifyBlobPut,
  verifyHeadPut,
} from "@photon/protocol/archive";
import { asBytes, type Bytes, equalBytes, err, ok, type Result, toHex, sha256 } from "@photon/protocol/codec";
import type { BlobStore, VaultError } from "@photon/engine/ports";

/**
 * `cut`: the request does not arrive. `lost`: it does, the answer does not. `crash` and `crash-after`: the process that
 * asked ends there, before or after the vault did its part.
 */
export type VaultFault = "cut" | "lost" | "crash" | "crash-after";

export interface VaultCall {
  readonly kind: VaultRequest["kind"];
  /** Counts all calls, from 0. */
  readonly index: number;
  /** Of the blob or head that goes up; 0 for a question. */
  readonly bytes: number;
}

/** Thrown out of a call to end the "process" that made it. */
export class Crash extends Error {}

export interface MemoryVault extends BlobStore {
  /** Every call so far. */
  readonly calls: VaultCall[];
  /** Decides about each call; undefined lets it through. */
  fault: (call: VaultCall) => VaultFault | undefined;
  /** Called before a call is answered: another device may be faster. */
  before: ((call: VaultCall) => Promise<void>) | undefined;
  readonly blobs: Map<string, Bytes>;
  /** Whether a register holds all it may. */
  full: (register: Uint8Array) => boolean;
  heads(register: Uint8Array): readonly Head[];
  /** So many days pass: heads that were superseded more than 45 days ago go. */
  pass(days: number): void;
  /** Takes a register back to an earlier head, or to none. */
  rollBack(register: Uint8Array, seq: number): void;
  forget(register: Uint8Array): void;
  /** All that lies there now, for another vault to begin with. */
  snapshot(): VaultSnapshot;
}

export interface VaultSnapshot {
  readonly registers: ReadonlyMap<string, Register>;
  readonly blobs: ReadonlyMap<string, Bytes>;
  readonly today: number;
}

interface Register {
  heads: Head[];
  /** On which day a head was superseded, by its number. */
  readonly superseded: Map<number, number>;
  readonly leases: Set<string>;
}
const graceDays = 45;
type Answer = Result<VaultResponse, VaultError>;

const unreachable: Answer = err<VaultError>({ code: "unreachable", detail: "no connection" });
const refused = (refusal: Extract<VaultError, { code: "refused" }>["refusal"], detail = ""): Answer =>
  err<VaultError>({ code: "refused", refusal, detail, retryAfter: undefined });

export function memoryVault(from?: VaultSnapshot): MemoryVault {
  const registers = new Map<string, Register>(structuredClone(from?.registers));
  const blobs = new Map<string, Bytes>(structuredClone(from?.blobs));
  let today = from?.today ?? 0;
  const headsOf = (register: Uint8Array): Head[] => registers.get(toHex(register))?.heads ?? [];
  const writeKeyOf = (register: Uint8Array): Bytes | undefined => {
    const newest = headsOf(register).at(-1);
    return newest?.nextKey ?? newest?.writeKey;
  };

  const answer = (request: VaultRequest): Answer => {
    switch (request.kind) {
      case "blobPut": {
        const { register, body } = request.value;
        const key = writeKeyOf(register);
        if (key === undefined || !verifyBlobPut(key, request.value)) return refused("forbidden");
        if (vault.full(register)) return refused("quota-exceeded", "this register holds all it may");
        const hash = asBytes(sha256(body));
        blobs.set(toHex(hash), body);
        registers.get(toHex(register))?.leases.add(toHex(hash));
        return ok({ kind: "stored", value: { hash } });
      }
      case "blobGet": {
        const body = blobs.get(toHex(request.value.hash));
        return body === undefined ? refused("not-found", "no such blob") : ok({ kind: "blob", value: { body } });
      }
      case "headPut": {
        const head = request.value;
        const key = writeKeyOf(head.register);
        if (!verifyHeadPut(head) || (key !== undefined && !equalBytes(key, head.writeKey))) return refused("forbidden");
        const newest = headsOf(head.register).at(-1);
        const previous = newest === undefined ? noHead : headHash(newest);
        if (head.seq !== (newest?.seq ?? 0) + 1 || !equalBytes(head.previous, previous)) return refused("conflict");
        const register: Register = registers.get(toHex(head.register)) ?? {
          heads: [],
          leases: new Set<string>(),
          superseded: new Map(),
        };
        if (vault.full(head.register)) return refused("quota-exceeded", "this register holds all it may");
        const missing = head.keeps.filter((hash) => !register.leases.has(toHex(hash)) || !blobs.has(toHex(hash)));
        if (missing.length > 0) return refused("not-found", `${missing.length} of the blobs it keeps are not here`);
        if (newest !== undefined) register.superseded.set(newest.seq, today);
        register.heads.push(head);
        registers.set(toHex(head.register), register);
        return ok({ kind: "accepted", value: { seq: head.seq } });
      }
      case "headGet": {
        const { register, seq } = request.value;
        const head = seq === undefined ? headsOf(register).at(-1) : headsOf(register).find((one) => one.seq === seq);
        return head === undefined ? refused("not-found", "no such head") : ok({ kind: "head", value: head });
      }
      case "headList": {
        const { heads = [], superseded } = registers.get(toHex(request.value.register)) ?? {};
        const newest = heads.at(-1);
        if (newest === undefined) return refused("not-found", "no such head");
        const kept: KeptHeads["kept"][number][] = [];
        for (const { seq } of heads.slice(0, -1)) {
          const left = (superseded?.get(seq) ?? today) + graceDays - today;
          const run = kept.at(-1);
          if (run?.left === left) kept[kept.length - 1] = { ...run, to: seq };
          else kept.push({ from: seq, to: seq, left });
        }
        return ok({ kind: "heads", value: { newest: newest.seq, kept } });
      }
    }
  };

  const vault: MemoryVault = {
    calls: [],
    fault: () => undefined,
    before: undefined,
    blobs,
    full: () => false,
    heads: headsOf,
    pass: (days) => {
      today += days;
      for (const register of registers.values()) {
        register.heads = register.heads.filter(({ seq }) => (register.superseded.get(seq) ?? today) >= today - graceDays);
      }
    },
    rollBack: (register, seq) => {
      const known = registers.get(toHex(register));
      if (known === undefined) return;
      known.heads = known.heads.filter((head) => head.seq <= seq);
      known.superseded.delete(seq);
    },
    forget: (register) => {
      registers.delete(toHex(register));
    },
    snapshot: () => structuredClone({ registers, blobs, today }),
    call: async (_origin, kind, value) => {
      const request = { kind, value } as VaultRequest;
      const call = { kind, index: vault.calls.length, bytes: sizeOf(request) };
      vault.calls.push(call);
      await vault.before?.(call);
      const fault = vault.fault(call);
      if (fault === "crash") throw new Crash(`at call ${call.index}`);
      const given = fault === "cut" ? unreachable : answer(request);
      if (fault === "crash-after") throw new Crash(`after call ${call.index}`);
      // `answer` gives each kind of request its own kind of answer.
      return (fault === "lost" ? unreachable : given) as Result<VaultAnswer<typeof kind>, VaultError>;
    },
  };
  return vault;
}

function sizeOf(request: VaultRequest): number {
  if (request.kind === "blobPut") return request.value.body.length;
  return request.kind === "headPut" ? request.value.body.length + 40 * request.value.keeps.length : 0;
}
