/**
 * Ana, with trustees: a world in which her plan is held by all of them and in force at everybody, and the steps of a recovery as
 * the people in it take them.
 */
import { openProfile } from "@photon/engine";
import { type MemoryRelay, memoryRelay } from "./memory-relay.ts";
import { type MemoryVault, memoryVault } from "./memory-vault.ts";
import { day, type Device, hour, makeWorld, must, type Newcomer, type World, type WorldOptions } from "./world.ts";

export interface Guarded {
  readonly world: World;
  readonly ana: Device;
  /** In the order of `trusteeNames`. */
  readonly trustees: readonly Device[];
  /** Peers who are no trustees. */
  readonly peers: readonly Device[];
  readonly names: readonly string[];
  /** Everybody but Ana. */
  readonly others: readonly Device[];
}

export interface GuardedOptions {
  readonly trustees?: number;
  readonly threshold?: number;
  readonly peers?: number;
  readonly delayHours?: number;
  readonly mirror?: string;
  readonly world?: WorldOptions;
}

const trusteeNames = ["Ben", "Chi", "Dee", "Ede", "Fay", "Gil", "Hal"] as const;

/** What a world was when it had been made: another one begins there, and costs nothing. */
type Frozen = () => Promise<Guarded>;
const frozen = new Map<string, Frozen>();

/**
 * By default three trustees of whom it takes two, and one more peer, over servers in memory. Worlds without servers of their own
 * are made once by each process, and copied for whoever asks again.
 */
export async function guarded(options: GuardedOptions = {}): Promise<Guarded> {
  if (options.world !== undefined) return make(options, options.world);
  const name = JSON.stringify(options);
  const known = frozen.get(name);
  if (known !== undefined) return known();
  const [relay, vault] = [memoryRelay({ checks: false }), memoryVault()];
  const made = await make(options, { network: { transport: relay, blobs: vault } });
  frozen.set(name, freeze(made, relay, vault));
  return made;
}

function freeze({ world, ana, trustees, peers, names }: Guarded, relay: MemoryRelay, vault: MemoryVault): Frozen {
  const [relayThen, vaultThen, start] = [relay.snapshot(), vault.snapshot(), world.now()];
  const diskOf = ({ name, store, keys }: Device) => ({ name, disk: store.snapshot(), keys });
  const disks = { ana: diskOf(ana), trustees: trustees.map(diskOf), peers: peers.map(diskOf) };
  return async () => {
    const network = { transport: memoryRelay({ checks: false, from: relayThen }), blobs: memoryVault(vaultThen) };
    const again = await makeWorld({ start, network });
    const adopt = ({ name, disk, keys }: ReturnType<typeof diskOf>): Promise<Device> => again.adopt(name, disk, keys);
    const [adopted, theirs, others] = [await adopt(disks.ana), [] as Device[], [] as Device[]];
    for (const one of disks.trustees) theirs.push(await adopt(one));
    for (const one of disks.peers) others.push(await adopt(one));
    return { world: again, ana: adopted, trustees: theirs, peers: others, names, others: [...theirs, ...others] };
  };
}

async function make(options: GuardedOptions, worldOptions: WorldOptions): Promise<Guarded> {
  const { trustees: count = 3, threshold = 2, peers: more = 1, delayHours = 48, mirror } = options;
  const world = await makeWorld(worldOptions);
  const ana = await world.person("Ana's phone");
  const names = trusteeNames.slice(0, count);
  const trustees: Device[] = [];
  for (const name of names) {
    const trustee = await world.person(`${name}'s phone`);
    await world.befriend(ana, name, trustee, "Ana");
    trustees.push(trustee);
  }
  const peers: Device[] = [];
  for (let number = 1; number <= more; number++) {
    const peer = await world.person(`peer ${number}`);
    await world.befriend(ana, `peer ${number}`, peer, "Ana");
    peers.push(peer);
  }
  const others = [...trustees, ...peers];
  const made = { world, ana, trustees, peers, names, others };
  await plan(made, { trustees: names, threshold, delayHours, ...(mirror === undefined ? {} : { mirror }) });
  return made;
}

/** Ana makes, or replaces, her plan; all accept; and it matures. */
export async function plan(
  { world, ana, trustees, others }: Guarded,
  options: Parameters<Device["engine"]["planTrustees"]>[0],
  chosen: readonly Device[] = trustees,
): Promise<void> {
  must(await ana.engine.planTrustees(options));
  await world.settle(ana, ...chosen);
  for (const trustee of chosen) must(await trustee.engine.answerTrustee("Ana", true));
  await world.settle(ana, ...chosen);
  await world.settle(ana, ...others);
  world.advance(15 * day);
  await world.settle(ana, ...others);
}

/**
 * They are called, hear the words, and type them. Whoever holds shares of two plans reads six words back, which Ana types, so that it
 * is known by whom each plan is named.
 */
export async function approve(newcomer: Newcomer, ...trustees: readonly Device[]): Promise<void> {
  const { spoken } = newcomer.recovery;
  for (const trustee of trustees) {
    const how = { code: spoken, recognised: "voice", contacted: "i-reached-them" } as const;
    const { answer = "" } = must(await trustee.engine.approveRecovery("Ana", how));
    if (answer.split(" ").length <= 3) continue;
    // The answer itself is on its way: what was typed waits for it.
    must(await newcomer.recovery.heard(answer));
  }
}

/** Their programs run, so much later. */
export async function later({ world }: Guarded, time: number, ...devices: readonly Device[]): Promise<void> {
  world.advance(time);
  await world.settle(...devices);
}

/** The device that a recovery whose archive opens now becomes; fails where it does not. */
export async function become(newcomer: Newcomer): Promise<Device> {
  const step = await newcomer.poll();
  if ("state" in step) throw new Error(`still ${step.state}: ${JSON.stringify(step)}`);
  return step;
}

/** From approvals to the announcement to all peers, uncontested: these trustees approve, the delay passes, they sign. */
export async function recoverWith(story: Guarded, ...trustees: readonly Device[]): Promise<Device> {
  const { world, others } = story;
  const newcomer = await world.recover("Ana's new phone");
  await approve(newcomer, ...trustees);
  await world.settle(...trustees);
  await later(story, 49 * hour, ...trustees);
  const phone = await become(newcomer);
  must(await phone.engine.sync());
  await world.settle(...trustees);
  await world.settle(phone, ...others);
  return phone;
}

/** From here on this device's clock is ahead by so much: whoever wants no delay sets it forward. */
export async function setAhead(device: Device, ms: number): Promise<void> {
  const { clock } = device.ports;
  device.engine = must(await openProfile({ ...device.ports, clock: { now: () => clock.now() + ms } }));
}
