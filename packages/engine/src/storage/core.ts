/** What every part of the engine works with: the ports, the session library, this device, and the caches. */
import { type Bytes, decode, encode, expectOk, hlcSchema, type Hlc, type Schema, tick, receiveHlc } from "@photon/protocol/codec";
import type { Session } from "@photon/protocol/session";
import type { Ports } from "../api.ts";
import type { Table } from "../ports/index.ts";
import type { Relationship } from "../relationship/model.ts";
import { Unit } from "./unit.ts";

export interface Self {
  /** 8 random bytes, hex: names this device within the circle and breaks ties in its clock. */
  readonly device: string;
  readonly node: Bytes;
  readonly name: string;
}

/** Row of the circle's clock in `meta`. */
const circleClock = "hlc";

/** A unit of work of one engine operation, with all it needs at hand. */
export class Work extends Unit {
  readonly ports: Ports;
  readonly session: Session;
  readonly self: Self;
  /** Loaded relationships; dropped whenever a unit fails, so that memory never runs ahead of the disk. */
  readonly relationships: Map<string, Relationship>;
  readonly #clocks = new Map<string, Hlc>();

  constructor(ports: Ports, self: Self, relationships: Map<string, Relationship>) {
    super(ports.store);
    this.ports = ports;
    this.session = ports.session;
    this.self = self;
    this.relationships = relationships;
  }

  /** Milliseconds by this device's clock. */
  now(): number {
    return this.ports.clock.now();
  }

  random(length: number): Bytes {
    return this.ports.random.bytes(length);
  }

  /**
   * The next reading of one of this device's hybrid clocks, larger than every one before it: the circle's, or that of a
   * relationship. Each relationship has a clock and a node of its own, so that peers who compare find nothing in common.
   */
  async tick(clock = circleClock, node = this.self.node): Promise<Hlc> {
    return this.#moveClock(clock, tick(await this.#lastOf(clock), this.now(), node));
  }

  /** Takes note of another device's clock, so that ours stays behind nothing that we have seen. */
  async observe(seen: Hlc, clock = circleClock): Promise<void> {
    this.#moveClock(clock, receiveHlc(await this.#lastOf(clock), seen, this.now(), this.self.node));
  }

  async #lastOf(clock: string): Promise<Hlc | undefined> {
    return this.#clocks.get(clock) ?? (await this.read("meta", clock, hlcSchema));
  }

  #moveClock(clock: string, next: Hlc): Hlc {
    this.#clocks.set(clock, next);
    this.putLate("meta", clock, () => encode(hlcSchema, next));
    return next;
  }

  /** A row of our own that is there and well-formed, or absent; a malformed one is damage and throws. */
  async read<T>(table: Table, key: string, schema: Schema<T>): Promise<T | undefined> {
    const value = await this.get(table, key);
    return value === undefined ? undefined : parseRow(schema, value);
  }

  write<T>(table: Table, key: string, schema: Schema<T>, value: T): void {
    this.put(table, key, encode(schema, value));
  }
}

/** Our own rows are at most as large as the largest thing we store; a row that does not parse is damage. */
export const parseRow = <T>(schema: Schema<T>, value: Bytes): T => expectOk(decode(schema, value, 16 * 1024 * 1024));
