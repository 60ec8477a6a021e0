/**
 * A random story of two people with several devices each: they send, read, add and lose devices, put one away for a month,
 * and their network is bad. Whatever happens, what was said is heard, once, in one order, by everybody who should.
 */
import type { Device, World } from "./world.ts";
import { day, hour, must } from "./world.ts";
import type { Chance } from "./chance.ts";
import type { Weather } from "./faults.ts";

export interface Party {
  readonly name: "Ana" | "Ben";
  /** What this party calls the other. */
  readonly other: string;
  live: Device[];
  readonly retired: Device[];
}

export interface Said {
  readonly by: "Ana" | "Ben";
  readonly text: string;
}

export interface StoryOptions {
  readonly devicesEach: number;
  readonly steps: number;
  readonly weather: Weather;
  /** Whether devices may be retired, added and sent away for a month, longer than a relay keeps anything. */
  readonly upheaval: boolean;
}

/** A device that was switched off for a month while the others went on, and came back. */
export interface Absence {
  readonly device: Device;
  readonly days: number;
  /** How many things were said meanwhile, by either side. */
  readonly missed: number;
}

export interface Story {
  readonly parties: readonly [Party, Party];
  readonly said: readonly Said[];
  readonly absences: readonly Absence[];
}

const month = 31 * day;

export async function playStory(world: World, chance: Chance, weather: Weather, options: StoryOptions): Promise<Story> {
  const calm = { ...weather };
  Object.assign(weather, { lost: 0, unanswered: 0 });
  const ana: Party = { name: "Ana", other: "Ben", live: [await world.person("Ana 1")], retired: [] };
  const ben: Party = { name: "Ben", other: "Ana", live: [await world.person("Ben 1")], retired: [] };
  const parties = [ana, ben] as const;
  const [firstOfAna, firstOfBen] = [ana.live[0], ben.live[0]];
  if (firstOfAna === undefined || firstOfBen === undefined) throw new Error("no devices");
  await world.befriend(firstOfAna, "Ben", firstOfBen, "Ana");
  for (const party of parties) {
    for (let number = 2; number <= options.devicesEach; number++) await grow(world, party, `${party.name} ${number}`);
  }
  await world.settle(...ana.live, ...ben.live);
  Object.assign(weather, calm, options.weather);
  const said: Said[] = [];
  const away = new Map<Device, { readonly since: number; readonly before: number }>();
  const absences: Absence[] = [];
  const present = (party: Party): readonly Device[] => party.live.filter((one) => !away.has(one));
  const sendAway = (device: Device): void => void away.set(device, { since: world.now(), before: said.length });
  /** Those whose month is over; by then their relay has forgotten what it had for them. */
  const comeBack = async (): Promise<void> => {
    for (const [device, { since, before }] of away) {
      if (world.now() - since < month) continue;
      away.delete(device);
      await world.restartServer();
      must(await device.engine.sync());
      absences.push({ device, days: Math.floor((world.now() - since) / day), missed: said.length - before });
    }
  };
  let born = options.devicesEach;
  for (let step = 0; step < options.steps; step++) {
    const party = chance.pick(parties);
    const device = chance.pick(present(party));
    const luck = chance.next();
    // While somebody is away, a step is a day: a month goes by.
    world.advance(chance.below(3) * (away.size > 0 ? day : hour));
    await comeBack();
    // No story without an absence.
    const isTime = step >= options.steps / 4 && away.size + absences.length === 0;
    if (options.upheaval && isTime && present(party).length > 1) {
      sendAway(chance.pick(present(party).filter((one) => one !== device)));
      continue;
    }
    if (luck < 0.45) {
      const text = `${party.name} ${step}`;
      must(await device.engine.send(party.other, text));
      said.push({ by: party.name, text });
    } else if (luck < 0.8 || !options.upheaval) {
      must(await device.engine.sync());
    } else if (luck < 0.85) {
      await device.restart();
    } else if (luck < 0.88) {
      world.advance(8 * day);
    } else if (luck < 0.91 && present(party).length > 1) {
      sendAway(chance.pick(present(party).filter((one) => one !== device)));
    } else if (luck < 0.95 && present(party).length > 1) {
      const victim = chance.pick(present(party).filter((one) => one !== device));
      must(await device.engine.sync());
      must(await device.engine.retire(victim.name, chance.pick(["lost", "taken", "gone"] as const)));
      party.live = party.live.filter((one) => one !== victim);
      party.retired.push(victim);
    } else if (party.live.length < 4) {
      Object.assign(weather, { lost: 0, unanswered: 0 });
      born += 1;
      await grow(world, party, `${party.name} ${born}`, device);
      Object.assign(weather, options.weather);
    }
  }
  Object.assign(weather, { lost: 0, unanswered: 0 });
  while (away.size > 0) {
    world.advance(10 * day);
    for (const party of parties) for (const device of present(party)) must(await device.engine.sync());
    await comeBack();
  }
  // Backoffs and the patience with gaps run out.
  for (let round = 0; round < 3; round++) {
    world.advance(2 * hour);
    await world.settle(...ana.live, ...ben.live);
  }
  return { parties, said, absences };
}

async function grow(world: World, party: Party, name: string, by = party.live[0]): Promise<void> {
  if (by === undefined) throw new Error("nobody to admit a device");
  party.live.push(await world.addDevice(by, name));
}

/** Texts in the order in which a device shows them. */
export async function texts(device: Device, who: string): Promise<readonly string[]> {
  return must(await device.engine.read(who)).map(({ body }) => body);
}
