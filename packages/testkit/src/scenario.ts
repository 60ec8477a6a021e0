/**
 * A random story of two people with several devices each: they send, read, add and lose devices, go away, and their
 * network is bad. Whatever happens, what was said is heard, once, in one order, by everybody who should.
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
  /** Whether devices may be retired, added and sent away for a month. */
  readonly upheaval: boolean;
}

export interface Story {
  readonly parties: readonly [Party, Party];
  readonly said: readonly Said[];
}

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
  let born = options.devicesEach;
  for (let step = 0; step < options.steps; step++) {
    const party = chance.pick(parties);
    const device = chance.pick(party.live);
    const luck = chance.next();
    world.advance(chance.below(3) * hour);
    if (luck < 0.45) {
      const text = `${party.name} ${step}`;
      must(await device.engine.send(party.other, text));
      said.push({ by: party.name, text });
    } else if (luck < 0.8 || !options.upheaval) {
      must(await device.engine.sync());
    } else if (luck < 0.85) {
      await device.restart();
    } else if (luck < 0.9) {
      world.advance(8 * day);
    } else if (luck < 0.95 && party.live.length > 1) {
      const victim = chance.pick(party.live.filter((one) => one !== device));
      must(await device.engine.sync());
      must(await device.engine.retire(victim.name, chance.pick(["lost", "taken", "gone"] as const)));
      party.live = party.live.filter((one) => one !== victim);
      party.retired.push(victim);
    } else if (party.live.length < 4) {
      Object.assign(weather, { lost: 0, unanswered: 0 });
      born += 1;
      await grow(world, party, `${party.name} ${born}`);
      Object.assign(weather, options.weather);
    }
  }
  Object.assign(weather, { lost: 0, unanswered: 0 });
  // Backoffs and the patience with gaps run out.
  for (let round = 0; round < 3; round++) {
    world.advance(2 * hour);
    await world.settle(...ana.live, ...ben.live);
  }
  return { parties, said };
}

async function grow(world: World, party: Party, name: string): Promise<void> {
  const [first] = party.live;
  if (first === undefined) throw new Error("nobody to admit a device");
  party.live.push(await world.addDevice(first, name));
}

/** Texts in the order in which a device shows them. */
export async function texts(device: Device, who: string): Promise<readonly string[]> {
  return must(await device.engine.read(who)).map(({ body }) => body);
}
