/** Everybody whom Ana knows, each with a device, and what they all do at once. */
import type { Machine, MachineOptions, Shown, Stage } from "./stage.ts";

export interface Message {
  readonly from: string;
  readonly body: string;
  readonly state: string;
  readonly unconfirmed?: boolean;
}

export interface Person {
  readonly name: string;
  readonly machine: Machine;
}

const listOf = (shown: Shown, field: string): readonly Shown[] => (shown[field] ?? []) as readonly Shown[];

/** Why a command failed. */
export const codeOf = (shown: Shown): unknown => (shown["error"] as Shown | undefined)?.["code"];

export const messagesOf = async (machine: Machine, who: string): Promise<readonly Message[]> =>
  ((await machine.ask("read", who))["messages"] ?? []) as readonly Message[];
export const bodies = async (machine: Machine, who: string): Promise<readonly string[]> =>
  (await messagesOf(machine, who)).map(({ body }) => body);
export const contactsOf = async (machine: Machine): Promise<readonly Shown[]> => listOf(await machine.ask("contacts"), "contacts");

/** Processes at once, besides the server: more would only wait for each other. */
const atOnce = 3;

/** Does something for each, a few at a time. @returns what came of it, in the order of the items. */
export async function forEach<Item, Outcome>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, item] = next;
      outcomes[index] = await act(item, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

/** Their programs run, as they do by themselves now and then. */
export const pass = (people: readonly Person[]): Promise<readonly Shown[]> => forEach(people, ({ machine }) => machine.ask("sync"));

/** She invites them all, they accept, she confirms each, and each writes to her, and she to each. */
export async function befriend(ana: Machine, people: readonly Person[]): Promise<void> {
  const invitations: Shown[] = [];
  let theirs: Promise<unknown> = Promise.resolve();
  for (const { name, machine } of people) {
    const [invitation] = await Promise.all([ana.ask("meet", "--petname", name), theirs]);
    invitations.push(invitation);
    theirs = machine.ask("accept", String(invitation["link"]), "--petname", "Ana");
  }
  await theirs;
  for (const [index, { name, machine }] of people.entries()) {
    const contact = String(invitations[index]?.["contact"]);
    await Promise.all([ana.ask("contacts", "confirm", contact, "--petname", name), theirs]);
    theirs = machine.ask("send", "Ana", helloFrom(name));
  }
  await theirs;
  for (const { name } of people) await ana.ask("send", name, helloTo(name));
}

export const helloFrom = (name: string): string => `Hello Ana, here is ${name}. Remember the summer at the lake?`;
export const helloTo = (name: string): string => `Dear ${name}, how could I forget that summer!`;

export const castOf = (stage: Stage, names: readonly string[], options: MachineOptions): readonly Person[] =>
  names.map((name) => ({ name, machine: stage.machine(name.toLowerCase(), options) }));
