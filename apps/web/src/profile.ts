/** The composition root in a browser: an engine over IndexedDB, WebCrypto, fetch and Web Locks. */
import { createProfile, type Engine, joinProfile, openProfile, type Outcome } from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { openWebPorts, type WebOptions, type WebPorts } from "./ports.ts";

export interface WebProfile {
  readonly engine: Engine;
  /** See `WebPorts`. */
  readonly persisted: boolean;
  /** Closes the engine and its store, then lets the next page in. */
  close(): Promise<void>;
}

/** Fails with `no-profile` if this browser has none of that name, and `profile-locked` while another page uses it. */
export async function openWebProfile(name: string, options: WebOptions = {}): Outcome<WebProfile> {
  return composed(name, options, async (web) => {
    const engine = await openProfile(web.ports);
    return engine.ok ? ok(profileOf(engine.value, web)) : engine;
  });
}

/** Makes a new person with this browser as the first device. */
export async function createWebProfile(
  name: string,
  person: { readonly device: string; readonly relay: string; readonly vault: string },
  options: WebOptions = {},
): Outcome<WebProfile> {
  return composed(name, options, async (web) => {
    const engine = await createProfile(web.ports, person);
    return engine.ok ? ok(profileOf(engine.value, web)) : engine;
  });
}

export type WebJoiningStep =
  | { readonly state: "waiting" | "restoring"; readonly progress: number }
  | { readonly state: "joined"; readonly profile: WebProfile };

export interface WebJoining {
  /** See `Joining`; once it says `joined`, the profile is the caller's to close. */
  poll(): Outcome<WebJoiningStep>;
  /** Gives up. */
  close(): Promise<void>;
}

/** Makes this browser a device of the circle whose other device shows `code`. */
export async function joinWebProfile(
  name: string,
  joining: { readonly device: string; readonly code: string },
  options: WebOptions = {},
): Outcome<WebJoining> {
  return composed(name, options, async (web) => {
    const begun = await joinProfile(web.ports, joining);
    if (!begun.ok) return begun;
    return ok({
      poll: async () => {
        const step = await begun.value.poll();
        if (!step.ok) return step;
        return step.value.state === "joined"
          ? ok({ state: "joined", profile: profileOf(step.value.engine, web) } as const)
          : ok(step.value);
      },
      close: () => web.close(),
    });
  });
}

/** Opens the ports for `use`, and closes them again unless it succeeded. */
async function composed<T>(name: string, options: WebOptions, use: (web: WebPorts) => Outcome<T>): Outcome<T> {
  const web = await openWebPorts(name, options);
  if (!web.ok) return web;
  try {
    const used = await use(web.value);
    if (!used.ok) await web.value.close();
    return used;
  } catch (error) {
    await web.value.close();
    throw error;
  }
}

const profileOf = (engine: Engine, web: WebPorts): WebProfile => ({
  engine,
  persisted: web.persisted,
  close: async () => {
    await engine.close();
    await web.close();
  },
});
