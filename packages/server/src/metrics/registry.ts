/** What an operator can see. No label is taken from a request: kinds and codes come from closed lists. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CommitObserver } from "../db/committer.ts";

export interface Metrics {
  readonly contentType: string;
  /** Text for Prometheus. */
  text(): Promise<string>;
  commits(role: string): CommitObserver;
  /** @param outcome "ok" or the code of the refusal. */
  answered(role: string, kind: string, outcome: string): void;
  shed(reason: string): void;
  socketOpened(): void;
  socketClosed(): void;
  /** @param days age of the oldest entry, 0 when there is none. */
  oldestEntry(days: number): void;
  backlogs(read: () => Readonly<Record<string, number>>): void;
  fault(role: string, code: string): void;
}

export function serverMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const latency = new Histogram({
    name: "photon_commit_seconds",
    help: "Time from the start of a group's transaction until it is durable.",
    labelNames: ["role"],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const writes = new Counter({ name: "photon_writes_total", help: "Durable writes.", labelNames: ["role"], registers });
  const requests = new Counter({
    name: "photon_requests_total",
    help: "Requests by role, kind and outcome.",
    labelNames: ["role", "kind", "outcome"],
    registers,
  });
  // Looking up labels costs more than counting; there are few of them.
  const requestCounters = new Map<string, { inc(): void }>();
  const countRequest = (role: string, kind: string, outcome: string): void => {
    const key = `${role} ${kind} ${outcome}`;
    let counter = requestCounters.get(key);
    if (counter === undefined) {
      counter = requests.labels(role, kind, outcome);
      requestCounters.set(key, counter);
    }
    counter.inc();
  };
  const shedCounter = new Counter({
    name: "photon_shed_total",
    help: "Requests and sockets turned away, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const sockets = new Gauge({ name: "photon_open_sockets", help: "Open watch connections.", registers });
  const oldest = new Gauge({ name: "photon_oldest_entry_days", help: "Age of the oldest stored entry, in days.", registers });
  const faults = new Counter({
    name: "photon_faults_total",
    help: "Failures of this server, by code.",
    labelNames: ["role", "code"],
    registers,
  });
  let readBacklogs: () => Readonly<Record<string, number>> = () => ({});
  new Gauge({
    name: "photon_commit_backlog",
    help: "Writes waiting to be committed.",
    labelNames: ["role"],
    registers,
    collect() {
      for (const [role, backlog] of Object.entries(readBacklogs())) this.set({ role }, backlog);
    },
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    commits: (role) => ({
      committed: (count, seconds) => {
        latency.observe({ role }, seconds);
        writes.inc({ role }, count);
      },
      failed: (code) => faults.inc({ role, code }),
    }),
    answered: countRequest,
    shed: (reason) => shedCounter.inc({ reason }),
    socketOpened: () => sockets.inc(),
    socketClosed: () => sockets.dec(),
    oldestEntry: (days) => oldest.set(days),
    backlogs: (read) => {
      readBacklogs = read;
    },
    fault: (role, code) => faults.inc({ role, code }),
  };
}
