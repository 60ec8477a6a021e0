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

export interface KillReport {
  readonly rounds: number;
  readonly killed: Readonly<Record<"server" | "sender" | "receiver", number>>;
  readonly confirmed: readonly string[];
  readonly atAna: readonly string[];
  readonly atBen: readonly string[];
}

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
  const killed = { server: 0, sender: 0, receiver: 0 };
  const confirmed: string[] = [];
  try {
    await askPhoton(ana, "init", "--relay", url, "--device", "ana");
    const { link } = (await askPhoton(ana, "meet", "--petname", "Ben")).object;
    await askPhoton(ben, "accept", String(link), "--petname", "Ana");
    await askPhoton(ana, "sync");
    const contacts = (await askPhoton(ana, "contacts")).object["contacts"] as readonly { readonly id: string }[];
    await askPhoton(ana, "contacts", "confirm", String(contacts[0]?.id), "--petname", "Ben");
    await askPhoton(ben, "sync");
    for (let round = 0; round < rounds; round++) {
      const [sender, receiver, who] = chance.next() < 0.5 ? [ana, ben, "Ben"] : [ben, ana, "Ana"];
      const victim = chance.pick(["server", "sender", "receiver"] as const);
      const text = `round ${round}`;
      const sending = startPhoton(sender, ["send", who, text, "--no-input", "--json"]);
      const receiving = startPhoton(receiver, ["sync", "--no-input", "--json"]);
      // Start-up takes most of a command's life: let the blow fall anywhere in it.
      await new Promise((resolve) => setTimeout(resolve, chance.below(900)));
      ({ server, sender: sending, receiver: receiving })[victim].signal("SIGKILL");
      killed[victim] += 1;
      const [sent] = await Promise.all([sending.ended, receiving.ended]);
      if (
        sent.stdout.includes('"state":"queued"') ||
        sent.stdout.includes('"state":"deposited"') ||
        sent.stdout.includes('"state":"delivered"')
      ) {
        confirmed.push(text);
      }
      if (victim === "server") {
        await server.ended;
        server = await serve();
      }
    }
    // What could not be reached is tried again after its backoff; a few passes bring both to rest.
    for (let pass = 0; pass < 6; pass++) for (const home of [ana, ben]) await askPhoton(home, "sync");
    return { rounds, killed, confirmed, atAna: await bodies(ana, "Ben"), atBen: await bodies(ben, "Ana") };
  } finally {
    server.signal("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function bodies(home: string, who: string): Promise<readonly string[]> {
  const messages = (await askPhoton(home, "read", who)).object["messages"] as readonly { readonly body: string }[];
  return messages.map(({ body }) => body);
}

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
