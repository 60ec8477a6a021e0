/**
 * Ana and Ben write to each other through a real server while processes are killed at random moments: the server, the
 * sender, the receiver. What was confirmed on a command's output must be there at the end, once, in one order.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chance } from "./chance.ts";
import { askPhoton, type CommandProcess, startPhoton } from "./processes.ts";

const victims = ["server", "sender", "receiver"] as const;
type Victim = (typeof victims)[number];

export interface KillReport {
  /** Processes that were alive when the blow fell, and that it ended. */
  readonly killed: Readonly<Record<Victim, number>>;
  /** In the order in which they were tried, with what the command's output said before it ended. */
  readonly tried: readonly { readonly by: "Ana" | "Ben"; readonly text: string; readonly confirmed: boolean }[];
  readonly atAna: readonly string[];
  readonly atBen: readonly string[];
  /** What the other side has not acknowledged by the end; a gap in a sender's sequence would be here for ten minutes. */
  readonly undelivered: readonly string[];
}

/** @param rounds how many processes are to be killed, as many of each kind as can be. */
export async function playKillStory(rounds: number, chance: Chance): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "photon-kill-"));
  const [ana, ben] = [join(folder, "ana"), join(folder, "ben")];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const serve = async (): Promise<CommandProcess> => {
    const server = startPhoton(join(folder, "operator"), [
      "serve",
      "--json",
      "--no-input",
      "--port",
      String(port),
      "--data",
      join(folder, "server"),
    ]);
    await server.nextObject();
    return server;
  };
  let server = await serve();
  const killed: Record<Victim, number> = { server: 0, sender: 0, receiver: 0 };
  const tried: KillReport["tried"][number][] = [];
  /** How long a command lives that nobody kills, in ms: the blow may fall anywhere in it, however busy the machine. */
  const life = { sender: 900, receiver: 900 };
  try {
    await askPhoton(ana, "init", "--relay", url, "--device", "ana");
    const { link } = (await askPhoton(ana, "meet", "--petname", "Ben")).object;
    await askPhoton(ben, "accept", String(link), "--petname", "Ana");
    await askPhoton(ana, "sync");
    const contacts = (await askPhoton(ana, "contacts")).object["contacts"] as readonly { readonly id: string }[];
    await askPhoton(ana, "contacts", "confirm", String(contacts[0]?.id), "--petname", "Ben");
    await askPhoton(ben, "sync");
    for (let round = 0; killed.server + killed.sender + killed.receiver < rounds; round++) {
      if (round > 3 * rounds + 10) throw new Error(`${round} blows, and only these fell on the living: ${JSON.stringify(killed)}`);
      const by = chance.pick(["Ana", "Ben"] as const);
      const [sender, receiver, who] = by === "Ana" ? [ana, ben, "Ben"] : [ben, ana, "Ana"];
      const fewest = Math.min(...Object.values(killed));
      const victim = chance.pick(victims.filter((one) => killed[one] === fewest));
      const text = `round ${round}`;
      const started = Date.now();
      const sending = startPhoton(sender, ["send", who, text, "--no-input", "--json"]);
      const receiving = startPhoton(receiver, ["sync", "--no-input", "--json"]);
      const spans = { sender: spanOf(sending, started), receiver: spanOf(receiving, started) };
      await new Promise((resolve) => setTimeout(resolve, chance.below(life[victim === "receiver" ? victim : "sender"])));
      const struck = { server, sender: sending, receiver: receiving }[victim];
      struck.signal("SIGKILL");
      const [sent] = await Promise.all([sending.ended, receiving.ended]);
      for (const kind of ["sender", "receiver"] as const) if (kind !== victim) life[kind] = await spans[kind];
      // Whoever ended before, ended with a code.
      if ((await struck.ended).code === -1) killed[victim] += 1;
      tried.push({ by, text, confirmed: /"state":"(?:queued|deposited|delivered)"/u.test(sent.stdout) });
      if (victim === "server") server = await serve();
    }
    // What could not be reached is tried again after its backoff; a few passes bring both to rest.
    for (let pass = 0; pass < 4; pass++) for (const home of [ana, ben]) await askPhoton(home, "sync");
    // The next word of each is read at once: nothing that was sealed before it is missing.
    for (const [by, home, who] of [
      ["Ana", ana, "Ben"],
      ["Ben", ben, "Ana"],
    ] as const) {
      const text = `the last word of ${by}`;
      await askPhoton(home, "send", who, text);
      tried.push({ by, text, confirmed: true });
    }
    for (let pass = 0; pass < 2; pass++) for (const home of [ana, ben]) await askPhoton(home, "sync");
    const [shownToAna, shownToBen] = [await messages(ana, "Ben"), await messages(ben, "Ana")];
    const undelivered = [...shownToAna, ...shownToBen].filter(({ from, state }) => from === "me" && state !== "delivered");
    return { killed, tried, atAna: bodies(shownToAna), atBen: bodies(shownToBen), undelivered: bodies(undelivered) };
  } finally {
    server.signal("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function spanOf(command: CommandProcess, started: number): Promise<number> {
  await command.ended;
  return Date.now() - started;
}

interface Shown {
  readonly body: string;
  readonly from: "me" | "peer";
  readonly state: string;
}
async function messages(home: string, who: string): Promise<readonly Shown[]> {
  return (await askPhoton(home, "read", who)).object["messages"] as readonly Shown[];
}
const bodies = (shown: readonly Shown[]): readonly string[] => shown.map(({ body }) => body);

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
