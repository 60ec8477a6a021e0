/** Networks that lose requests and answers, and disks that stop between two commits. */
import type { Store, Transport } from "@photon/engine/ports";
import { err } from "@photon/protocol/codec";
import type { Chance } from "./chance.ts";

export interface Weather {
  /** Chance that a request does not arrive. */
  lost: number;
  /** Chance that it arrives, and its answer does not. */
  unanswered: number;
}

/** A transport in bad weather. The server did what it did; the client cannot know. */
export function roughTransport(inner: Transport, chance: Chance, weather: Weather): Transport {
  return {
    call: async (relay, kind, value) => {
      const luck = chance.next();
      if (luck < weather.lost) return err({ code: "unreachable", detail: "lost on the way" });
      const answer = await inner.call(relay, kind, value);
      return luck < weather.lost + weather.unanswered ? err({ code: "unreachable", detail: "the answer was lost" }) : answer;
    },
    watch: (relay, reads, onHint) => inner.watch(relay, reads, onHint),
  };
}

/** Thrown by a crashing store: the process is gone as far as its disk is concerned. */
export class Crash extends Error {}

/**
 * A store whose process dies at one of its commits: before anything of it is written, or right after all of it is.
 * @param dies called at each commit.
 */
export function crashingStore(inner: Store, dies: () => "before" | "after" | undefined): Store {
  let dead = false;
  const alive = (): void => {
    if (dead) throw new Crash("after the crash");
  };
  return {
    get: (table, key) => {
      alive();
      return inner.get(table, key);
    },
    list: (table, query) => {
      alive();
      return inner.list(table, query);
    },
    commit: async (writes, expected) => {
      alive();
      const when = dies();
      if (when === "before") {
        dead = true;
        throw new Crash("before a commit");
      }
      const outcome = await inner.commit(writes, expected);
      if (when === "after") {
        dead = true;
        throw new Crash("after a commit");
      }
      return outcome;
    },
    close: () => inner.close(),
  };
}
