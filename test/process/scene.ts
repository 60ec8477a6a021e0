/**
 * Ana and Ben, who have talked, each with a profile in a folder, and the real server between them; Ana reaches it through
 * a proxy that can become something else.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askPhoton, type CommandProcess, type Proxy, startPhoton, startProxy } from "@photon/testkit";
import { expect } from "vitest";

export interface Scene {
  readonly folder: string;
  readonly ana: string;
  readonly ben: string;
  /** The server itself. */
  readonly url: string;
  readonly proxy: Proxy;
  readonly server: CommandProcess;
  /** A copy of Ana's folder, to be damaged. */
  copyOfAna(name: string): Promise<string>;
  close(): Promise<void>;
}

export interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly detail: string;
}

export async function playScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), "photon-trouble-"));
  const [ana, ben] = [join(folder, "ana"), join(folder, "ben")];
  const server = startPhoton(join(folder, "operator"), [
    "serve",
    "--json",
    "--no-input",
    "--port",
    "0",
    "--data",
    join(folder, "server"),
  ]);
  const url = String((await server.nextObject())["url"]);
  const proxy = await startProxy(url);
  await did(ana, "init", "--relay", proxy.url, "--device", "phone");
  const { link } = await did(ana, "meet", "--petname", "Ben");
  await did(ben, "accept", String(link), "--petname", "Ana");
  const contacts = (await did(ana, "contacts"))["contacts"] as readonly { readonly id: string }[];
  await did(ana, "contacts", "confirm", String(contacts[0]?.id), "--petname", "Ben");
  await did(ana, "send", "Ben", "before the trouble");
  expect(await bodies(ben, "Ana")).toEqual(["before the trouble"]);
  return {
    folder,
    ana,
    ben,
    url,
    proxy,
    server,
    copyOfAna: async (name) => {
      const copy = join(folder, name);
      await cp(ana, copy, { recursive: true });
      return copy;
    },
    close: async () => {
      await proxy.close();
      server.signal("SIGTERM");
      await server.ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What a command printed that has to succeed. */
export async function did(home: string, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, object } = await askPhoton(home, ...words);
  expect(code, JSON.stringify(object)).toBe(0);
  return object;
}

export async function bodies(home: string, who: string, ...more: readonly string[]): Promise<readonly string[]> {
  const { object } = await askPhoton(home, "read", who, ...more);
  return (object["messages"] as readonly { readonly body: string }[]).map(({ body }) => body);
}

/** What a failed command told, after checking its exit code and that it names a remedy. */
export function told(answer: { readonly code: number; readonly object: Record<string, unknown> }, exit: number): Told {
  expect(answer.code, JSON.stringify(answer.object)).toBe(exit);
  const error = answer.object["error"] as Told;
  expect(error.message).toMatch(/^[A-Z].*\.$/u);
  expect(error.remedy, "it names what to do").toMatch(/^[A-Z`].{10,}\.$/u);
  return error;
}
