/**
 * A world for stories: one real server on loopback, one clock for everybody, and as many devices as the story needs, each
 * a real engine over a store in memory. Time passes when the story says so, and a millisecond whenever somebody looks.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createProfile,
  type Engine,
  joinProfile,
  openProfile,
  openRecovery,
  type PhotonError,
  type Ports,
  recoverProfile,
  type Recovery,
  type RecoveryStep,
} from "@photon/engine";
import { httpBlobStore, httpTransport } from "@photon/engine/adapters/http";
import { memoryKeyStore, memoryStore, type MemorySnapshot, type MemoryStore } from "@photon/engine/adapters/memory";
import { nodeQueueCrypto, nodeSessionCrypto, systemRandom } from "@photon/engine/adapters/node";
import type { BlobStore, KeyStore, Store, Transport } from "@photon/engine/ports";
import type { Result } from "@photon/protocol/codec";
import { makeSession } from "@photon/protocol/session";
import { defaultConfig, type RunningServer, type ServerConfig, startServer } from "@photon/server";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A device of somebody's: its store and keys outlive its engine, as a disk outlives a process. */
export interface Device {
  readonly name: string;
  readonly store: MemoryStore;
  readonly keys: KeyStore;
  readonly ports: Ports;
  engine: Engine;
  /** Drops the engine and everything it held in memory, as kill -9 does, and opens the profile again. */
  restart(): Promise<void>;
  /** Opens the profile through another store over the same disk: one that crashes, say. */
  reopenThrough(wrap: (store: MemoryStore) => Store): Promise<void>;
  /** The same device with its disk put back to an earlier state. */
  restoreDisk(snapshot: MemorySnapshot): Promise<void>;
}

/** A device on which a recovery by trustees was begun: no profile yet, but a store that outlives its process. */
export interface Newcomer {
  recovery: Recovery;
  readonly ports: Ports;
  /** As kill -9 does: what is in memory is gone, and the recovery is opened again from the disk. */
  restart(): Promise<void>;
  /** One step; once the archive is open, the device that it has become. */
  poll(): Promise<Exclude<RecoveryStep, { readonly state: "recovered" }> | Device>;
}

export interface World {
  readonly url: string;
  readonly data: string;
  readonly logLines: string[];
  now(): number;
  advance(ms: number): void;
  /** A new person with one device. */
  person(device: string): Promise<Device>;
  /** A device of another world, as its disk was there, at a time when it was nobody's turn. */
  adopt(name: string, disk: MemorySnapshot, keys: KeyStore): Promise<Device>;
  /** Another device for the person who has `first`. */
  addDevice(first: Device, name: string): Promise<Device>;
  /** Somebody with nothing in their hands begins a recovery by trustees. @param relay an address, or a trustee's words. */
  recover(name: string, relay?: string): Promise<Newcomer>;
  /** The inviter meets the invitee; both end up active. */
  befriend(inviter: Device, inviteePetname: string, invitee: Device, inviterPetname: string): Promise<void>;
  /** Syncs all, again and again, until nobody has anything new to read or write. */
  settle(...devices: readonly Device[]): Promise<void>;
  restartServer(): Promise<void>;
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

/** The value, or a test failure that says what the person would have been told. */
export function must<T>(outcome: Result<T, PhotonError>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.error.code}: ${outcome.error.message} ${outcome.error.detail}`);
}

export interface WorldOptions {
  readonly start?: number;
  readonly config?: Partial<ServerConfig>;
  /** Puts something between the engines and the server. */
  readonly wrap?: (transport: Transport) => Transport;
  /** Puts something between the engines and the vault. */
  readonly wrapVault?: (blobs: BlobStore) => BlobStore;
  /** Stands for the server: a relay and a vault in memory, say. */
  readonly network?: { readonly transport: Transport; readonly blobs: BlobStore };
}

export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  let time = options.start ?? Date.UTC(2026, 0, 5, 9);
  const data = await mkdtemp(join(tmpdir(), "photon-world-"));
  const logLines: string[] = [];
  let port = 0;
  const start = async (): Promise<RunningServer> => {
    const config: ServerConfig = {
      ...defaultConfig,
      data,
      // In this thread: a thread from source takes most of a second to start, and every restart starts one.
      relay: { ...defaultConfig.relay, commitThread: false },
      ...options.config,
      listen: { ...defaultConfig.listen, port },
      limits: unlimited(defaultConfig),
    };
    const server = await startServer(config, { now: () => (time += 1), logTo: { write: (line) => logLines.push(line) } });
    port = server.port;
    return server;
  };
  const { network } = options;
  let server: RunningServer | undefined = network === undefined ? await start() : undefined;
  const url = server?.url ?? "https://memory.example";
  const session = await makeSession(nodeSessionCrypto);
  const direct = network?.transport ?? httpTransport();
  const transport = options.wrap?.(direct) ?? direct;
  const directBlobs = network?.blobs ?? httpBlobStore();
  const blobs = options.wrapVault?.(directBlobs) ?? directBlobs;

  function makePorts(store: MemoryStore, keys: KeyStore): Ports {
    return {
      clock: { now: () => (time += 1) },
      random: systemRandom,
      keys,
      store,
      transport,
      blobs,
      session,
      queueCrypto: nodeQueueCrypto,
    };
  }

  async function makeDevice(name: string, begin: (ports: Ports) => Promise<Engine>): Promise<Device> {
    const keys = memoryKeyStore(systemRandom);
    await keys.open();
    const store = memoryStore();
    return deviceOver(name, store, keys, await begin(makePorts(store, keys)));
  }

  function deviceOver(name: string, disk: MemoryStore, keys: KeyStore, engine: Engine): Device {
    let store = disk;
    let ports = makePorts(store, keys);
    const device: Device = {
      name,
      get store() {
        return store;
      },
      keys,
      get ports() {
        return ports;
      },
      engine,
      restart: () => device.restoreDisk(store.snapshot()),
      reopenThrough: async (wrap) => {
        device.engine = must(await openProfile({ ...ports, store: wrap(store) }));
      },
      restoreDisk: async (snapshot) => {
        store = memoryStore(snapshot);
        ports = makePorts(store, keys);
        device.engine = must(await openProfile(ports));
      },
    };
    return device;
  }

  const world: World = {
    url,
    data,
    logLines,
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
    person: (name) => makeDevice(name, async (ports) => must(await createProfile(ports, { device: name, relay: url, vault: url }))),
    adopt: async (name, disk, keys) => {
      const store = memoryStore(disk);
      return deviceOver(name, store, keys, must(await openProfile(makePorts(store, keys))));
    },
    addDevice: async (first, name) => {
      const admission = must(await first.engine.addDevice());
      return makeDevice(name, async (ports) => {
        const joining = must(await joinProfile(ports, { device: name, code: admission.code }));
        for (let round = 0; round < 20; round++) {
          const old = must(await admission.poll());
          const young = must(await joining.poll());
          if (young.state !== "joined") continue;
          for (let more = 0; more < 10 && old.state !== "joined"; more++) {
            if (must(await admission.poll()).state === "joined") break;
          }
          must(await young.engine.sync());
          return young.engine;
        }
        throw new Error(`${name} did not join`);
      });
    },
    recover: async (name, relay = url) => {
      const keys = memoryKeyStore(systemRandom);
      await keys.open();
      let store = memoryStore();
      let ports = makePorts(store, keys);
      const newcomer: Newcomer = {
        recovery: must(await recoverProfile(ports, { device: name, relay })),
        get ports() {
          return ports;
        },
        restart: async () => {
          store = memoryStore(store.snapshot());
          ports = makePorts(store, keys);
          const opened = must(await openRecovery(ports));
          if (opened !== undefined) newcomer.recovery = opened;
        },
        poll: async () => {
          const step = must(await newcomer.recovery.poll());
          return step.state === "recovered" ? deviceOver(name, store, keys, step.engine) : step;
        },
      };
      return newcomer;
    },
    befriend: async (inviter, inviteePetname, invitee, inviterPetname) => {
      const invitation = must(await inviter.engine.meet({ petname: inviteePetname }));
      must(await invitee.engine.accept(invitation.link, { petname: inviterPetname }));
      must(await inviter.engine.sync());
      must(await inviter.engine.confirm(invitation.contact, { petname: inviteePetname }));
      await world.settle(inviter, invitee);
    },
    settle: async (...devices) => {
      for (let round = 0, quiet = 0; quiet < 2; round++) {
        if (round > 30) throw new Error("the devices did not come to rest");
        let moved = false;
        for (const device of devices) {
          const before = device.store.snapshot();
          must(await device.engine.sync());
          moved ||= outboxOrCursorsMoved(before, device.store.snapshot());
        }
        quiet = moved ? 0 : quiet + 1;
      }
    },
    restartServer: async () => {
      await server?.close();
      server = await start();
    },
    stopServer: async () => {
      await server?.close();
      server = undefined;
    },
    close: async () => {
      await server?.close();
      await rm(data, { recursive: true, force: true });
    },
  };
  return world;
}

/** A story's people are all at one address, and in a hurry. */
function unlimited(config: ServerConfig): ServerConfig["limits"] {
  return { ...config.limits, requestsPerSecond: 0 };
}

function outboxOrCursorsMoved(before: MemorySnapshot, after: MemorySnapshot): boolean {
  const digest = (snapshot: MemorySnapshot): string =>
    (["outbox", "cursor"] as const)
      .flatMap((table) =>
        [...(snapshot.get(table) ?? new Map<string, { version: number }>())].map(([key, row]) => `${key}@${row.version}`),
      )
      .toSorted()
      .join();
  return digest(before) !== digest(after);
}
