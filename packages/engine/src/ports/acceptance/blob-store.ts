import {
  type Head,
  headHash,
  noHead,
  signBlobPut,
  signHeadPut,
  type VaultAnswer,
  type VaultRequest,
  type VaultRequestOf,
} from "@photon/protocol/archive";
import { asBytes, type Bytes, type Result, sha256 } from "@photon/protocol/codec";
import { ed25519Signer } from "@photon/protocol/statement";
import type { VaultError } from "../transport.ts";
import { equal, valueOf } from "./assert.ts";
import { type AcceptanceCase, type BlobStorePlace, randomBytes } from "./case.ts";

/** Somebody's archive: a register, and the key by which its heads and blobs are written. */
class Register {
  readonly id = randomBytes(16);
  readonly seed = randomBytes(32);
  readonly #place: BlobStorePlace;

  constructor(place: BlobStorePlace) {
    this.#place = place;
  }
  ask<K extends VaultRequest["kind"]>(kind: K, value: VaultRequestOf<K>): Promise<Result<VaultAnswer<K>, VaultError>> {
    return this.#place.blobs.call(this.#place.vault, kind, value);
  }
  headAfter(previous: Head | undefined, keeps: readonly Bytes[], seed = this.seed): Head {
    return signHeadPut(seed, {
      register: this.id,
      seq: (previous?.seq ?? 0) + 1,
      previous: previous === undefined ? noHead : headHash(previous),
      body: randomBytes(100),
      writeKey: asBytes(ed25519Signer(seed).publicKey),
      nextKey: undefined,
      keeps,
    });
  }
  async accepted(previous: Head | undefined, keeps: readonly Bytes[] = []): Promise<Head> {
    const head = this.headAfter(previous, keeps);
    equal(valueOf(await this.ask("headPut", head), "headPut"), { kind: "accepted", value: { seq: head.seq } }, "the answer");
    return head;
  }
  blob(body: Bytes, seed = this.seed) {
    return this.ask("blobPut", signBlobPut(seed, { register: this.id, body }));
  }
}

function refusedWith(answer: Result<unknown, VaultError>, refusal: string, what: string): void {
  if (answer.ok) throw new Error(`${what}: was accepted`);
  equal(answer.error.code === "refused" ? answer.error.refusal : answer.error.code, refusal, what);
}

/** What every `BlobStore` must do. */
export const blobStoreCases: readonly AcceptanceCase<BlobStorePlace>[] = [
  {
    name: "a blob is stored under its hash, as often as it is put, and comes back whole",
    run: async (place) => {
      const register = new Register(place);
      await register.accepted(undefined);
      for (const body of [randomBytes(1), randomBytes(100_000)]) {
        const hash = asBytes(sha256(body));
        for (const time of ["first", "again"])
          equal(valueOf(await register.blob(body), time), { kind: "stored", value: { hash } }, time);
        equal(valueOf(await register.ask("blobGet", { hash }), "get").value.body, body, "the blob");
      }
    },
  },
  {
    name: "heads follow one another: the newest is given, and each that is still kept by its number",
    run: async (place) => {
      const register = new Register(place);
      const first = await register.accepted(undefined);
      const body = randomBytes(500);
      valueOf(await register.blob(body), "blob");
      const second = await register.accepted(first, [asBytes(sha256(body))]);
      const { id } = register;
      equal(headHash(valueOf(await register.ask("headGet", { register: id }), "newest").value), headHash(second), "the newest");
      equal(
        headHash(valueOf(await register.ask("headGet", { register: id, seq: 1 }), "first").value),
        headHash(first),
        "the first",
      );
      const { newest, kept } = valueOf(await register.ask("headList", { register: id }), "list").value;
      equal(newest, 2, "the newest number");
      equal(
        kept.map(({ from, to }) => ({ from, to })),
        [{ from: 1, to: 1 }],
        "what else is kept",
      );
    },
  },
  {
    name: "a refusal is a value that says which, and changes nothing",
    run: async (place) => {
      const register = new Register(place);
      const { id } = register;
      const stranger = randomBytes(32);
      refusedWith(await register.ask("blobGet", { hash: randomBytes(32) }), "not-found", "an unknown blob");
      refusedWith(await register.ask("headGet", { register: id }), "not-found", "an unknown register");
      const first = await register.accepted(undefined);
      refusedWith(await register.blob(randomBytes(10), stranger), "forbidden", "a stranger's blob");
      refusedWith(await register.ask("headPut", register.headAfter(first, [], stranger)), "forbidden", "a stranger's head");
      refusedWith(await register.ask("headPut", register.headAfter(undefined, [])), "conflict", "a head beside the first");
      refusedWith(
        await register.ask("headPut", register.headAfter(first, [randomBytes(32)])),
        "not-found",
        "a blob that is not here",
      );
      equal(headHash(valueOf(await register.ask("headGet", { register: id }), "newest").value), headHash(first), "the newest");
    },
  },
  {
    name: "a call to an address where nobody is does not reject",
    run: async (place) => {
      if (place.nobody === undefined) return;
      const answer = await place.blobs.call(place.nobody, "blobGet", { hash: randomBytes(32) });
      equal(answer.ok ? "answered" : answer.error.code, "unreachable", "the answer");
    },
  },
];
