import type { Bytes, Result } from "@photon/protocol/codec";
import {
  type Batch,
  makeQueueKeys,
  proveAppend,
  type QueueKeys,
  readKeyOf,
  type RelayAnswer,
  type RelayRequest,
  type RelayRequestOf,
  rotationKeys,
  signDelete,
  signMove,
  signRead,
  signRotate,
} from "@photon/protocol/queue";
import type { RelayError, Transport } from "../transport.ts";
import { equal, holds, valueOf } from "./assert.ts";
import { type AcceptanceCase, randomBytes, type TransportPlace } from "./case.ts";

/** The smallest size in which a relay takes bodies. */
const size = 1024;

/** What one asks of a relay about a queue of one's own. */
class Asked {
  readonly keys: QueueKeys = makeQueueKeys(randomBytes(96));
  readonly transport: Transport;
  readonly relay: string;

  constructor({ transport, relay }: TransportPlace) {
    this.transport = transport;
    this.relay = relay;
  }
  call<K extends RelayRequest["kind"]>(kind: K, value: RelayRequestOf<K>): Promise<Result<RelayAnswer<K>, RelayError>> {
    return this.transport.call(this.relay, kind, value);
  }
  get writeKey(): Bytes {
    return rotationKeys(this.keys.root, 0).writeKey;
  }
  create(): Promise<Result<RelayAnswer<"create">, RelayError>> {
    const { receiveId, sendId, readSeed } = this.keys;
    return this.call("create", { receiveId, sendId, readKey: readKeyOf(readSeed), writeKeys: [this.writeKey] });
  }
  append(body: Bytes = randomBytes(size), appendId: Bytes = randomBytes(16), writeKey: Bytes = this.writeKey) {
    return this.call("append", proveAppend(writeKey, { sendId: this.keys.sendId, appendId, body }));
  }
  readOf(after = 0, seed: Bytes = this.keys.readSeed): RelayRequestOf<"read">[number] {
    return signRead(seed, { receiveId: this.keys.receiveId, after, limit: 100 });
  }
  async batch(after = 0): Promise<Batch> {
    const [first] = valueOf(await this.call("read", [this.readOf(after)]), "read").value;
    if (first?.kind !== "batch") throw new Error(`read: ${first?.value ?? "nothing"}`);
    return first.value;
  }
}

async function created(place: TransportPlace): Promise<Asked> {
  const asked = new Asked(place);
  equal(valueOf(await asked.create(), "create").kind, "done", "create");
  return asked;
}

function refusedWith(answer: Result<unknown, RelayError>, refusal: string, what: string): void {
  if (answer.ok) throw new Error(`${what}: was accepted`);
  equal(answer.error.code === "refused" ? answer.error.refusal : answer.error.code, refusal, what);
}

/** What every `Transport` must do. */
export const transportCases: readonly AcceptanceCase<TransportPlace>[] = [
  {
    name: "what is appended is read back by its owner, whole, in order, numbered from 1",
    run: async (place) => {
      const queue = await created(place);
      const bodies = [1, 2, 3].map(() => randomBytes(size));
      for (const [index, body] of bodies.entries())
        equal(valueOf(await queue.append(body), "append"), { kind: "appended", value: { seq: index + 1 } }, "the answer");
      const { entries, last } = await queue.batch();
      equal(
        entries.map(({ seq, body }) => ({ seq, body })),
        bodies.map((body, index) => ({ seq: index + 1, body })),
        "what is read",
      );
      equal(last, 3, "the last number");
      equal(
        (await queue.batch(2)).entries.map(({ seq }) => seq),
        [3],
        "what follows the second",
      );
    },
  },
  {
    name: "the very same request made again is answered as at first, and does nothing more",
    run: async (place) => {
      const queue = await created(place);
      equal(valueOf(await queue.create(), "create again").kind, "done", "create again");
      const [body, appendId] = [randomBytes(size), randomBytes(16)];
      const answers = [await queue.append(body, appendId), await queue.append(), await queue.append(body, appendId)];
      equal(
        answers.map((answer) => valueOf(answer, "append").value),
        [{ seq: 1 }, { seq: 2 }, { seq: 1 }],
        "the numbers",
      );
      equal((await queue.batch()).entries.length, 2, "entries");
    },
  },
  {
    name: "requests that are made at once are each answered with what belongs to them",
    run: async (place) => {
      const queue = await created(place);
      const bodies = Array.from({ length: 8 }, () => randomBytes(size));
      const answers = await Promise.all(bodies.map((body) => queue.append(body)));
      const entries = new Map((await queue.batch()).entries.map(({ seq, body }) => [seq, body]));
      for (const [index, answer] of answers.entries()) {
        const { kind, value } = valueOf(answer, "append");
        if (kind !== "appended") throw new Error(`an append was answered ${kind}`);
        equal(entries.get(value.seq), bodies[index], `the entry ${value.seq}`);
      }
    },
  },
  {
    name: "several queues are read in one request, each answered in its place, refused or not",
    run: async (place) => {
      const [first, second, nobodys] = [await created(place), await created(place), new Asked(place)];
      valueOf(await second.append(), "append");
      const reads = [first.readOf(), nobodys.readOf(), second.readOf(), first.readOf(0, randomBytes(32))];
      const { value } = valueOf(await first.call("read", reads), "read");
      equal(
        value.map((one) => (one.kind === "batch" ? one.value.entries.length : one.value)),
        [0, "forbidden", 1, "forbidden"],
        "the answers",
      );
    },
  },
  {
    name: "a refusal is a value that says which, and changes nothing",
    run: async (place) => {
      const queue = await created(place);
      const { receiveId, readSeed } = queue.keys;
      refusedWith(await queue.append(randomBytes(size), randomBytes(16), randomBytes(32)), "forbidden", "an unknown write key");
      refusedWith(await new Asked(place).append(), "forbidden", "an unknown queue");
      refusedWith(await queue.call("get", { dropId: randomBytes(32) }), "not-found", "an unknown drop");
      const keys = { receiveId, readKey: readKeyOf(readSeed), writeKeys: [queue.writeKey] };
      refusedWith(await queue.call("rotate", signRotate(readSeed, { ...keys, version: 7 })), "conflict", "a version that skips");
      refusedWith(await queue.call("delete", signDelete(randomBytes(32), { receiveId })), "forbidden", "a stranger's delete");
      equal((await queue.batch()).entries, [], "entries");
    },
  },
  {
    name: "a drop is there for whoever knows its id, and is not replaced",
    run: async (place) => {
      const asked = new Asked(place);
      const [dropId, body, days] = [randomBytes(32), randomBytes(size), 7];
      for (const time of ["first", "again"])
        equal(valueOf(await asked.call("put", { dropId, body, days }), time).kind, "done", time);
      refusedWith(await asked.call("put", { dropId, body: randomBytes(size), days }), "exists", "another body");
      equal(valueOf(await asked.call("get", { dropId }), "get").value.body, body, "the drop");
    },
  },
  {
    name: "a moved queue takes nothing more, and hands out where it has gone",
    run: async (place) => {
      const queue = await created(place);
      valueOf(await queue.append(), "append");
      const { receiveId, readSeed } = queue.keys;
      const bundle = randomBytes(64);
      const moved = valueOf(await queue.call("move", signMove(readSeed, { receiveId, bundle })), "move");
      equal(moved, { kind: "frozen", value: { last: 1 } }, "the answer to the move");
      equal(valueOf(await queue.append(), "append"), { kind: "moved", value: { bundle } }, "the answer to an append");
      equal((await queue.batch()).bundle, bundle, "the bundle that a reader gets");
      equal(valueOf(await queue.call("delete", signDelete(readSeed, { receiveId })), "delete").kind, "done", "delete");
    },
  },
  {
    name: "a call to an address where nobody is does not reject",
    run: async (place) => {
      if (place.nobody === undefined) return;
      const answer = await place.transport.call(place.nobody, "get", { dropId: randomBytes(32) });
      equal(answer.ok ? "answered" : answer.error.code, "unreachable", "the answer");
      const watch = place.transport.watch(place.nobody, [new Asked(place).readOf()], () => undefined);
      await watch.ended;
    },
  },
  {
    name: "a watch hints when something was appended, ends when it is closed, and hints no more",
    run: async (place) => {
      const queue = await created(place);
      let hints = 0;
      let hint = (): void => undefined;
      const hinted = new Promise<void>((resolve) => {
        hint = resolve;
      });
      const watch = place.transport.watch(place.relay, [queue.readOf()], () => {
        hints += 1;
        hint();
      });
      // A hint may be missed while the watch is being set up: what is waited for is any.
      for (let sent = 0; hints === 0 && sent < 50; sent++) {
        valueOf(await queue.append(), "append");
        await Promise.race([hinted, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      holds(hints > 0, "no hint came");
      watch.close();
      watch.close();
      await watch.ended;
      const before = hints;
      valueOf(await queue.append(), "append");
      await queue.batch();
      equal(hints, before, "hints after the end");
    },
  },
];
