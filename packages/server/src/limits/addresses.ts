/** What one address may do. Addresses are held in memory only, and forgotten as soon as they are idle. */
import { isIPv6 } from "node:net";
import { tokenBuckets } from "./token-buckets.ts";

export interface AddressLimiter {
  /** 0, or the seconds after which another request is welcome. */
  request(address: string): number;
  /** Whether one more connection is welcome; every true is undone by `disconnect`. */
  connect(address: string): boolean;
  disconnect(address: string): void;
}

export interface AddressLimits {
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  readonly sockets: number;
  readonly socketsPerAddress: number;
}

const maxAddresses = 100_000;

export function addressLimiter(limits: AddressLimits, now: () => number): AddressLimiter {
  const buckets = tokenBuckets({
    perSecond: Math.max(1, limits.requestsPerSecond),
    burst: limits.requestBurst,
    maxKeys: maxAddresses,
    now,
  });
  const open = new Map<string, number>();
  let sockets = 0;
  return {
    request: (address) => (limits.requestsPerSecond === 0 ? 0 : buckets.take(network(address), 1)),
    connect: (address) => {
      const id = network(address);
      const count = open.get(id) ?? 0;
      if (sockets >= limits.sockets || count >= limits.socketsPerAddress) return false;
      sockets += 1;
      open.set(id, count + 1);
      return true;
    },
    disconnect: (address) => {
      const id = network(address);
      const count = open.get(id) ?? 0;
      sockets -= 1;
      if (count <= 1) open.delete(id);
      else open.set(id, count - 1);
    },
  };
}

/** One person often has a whole IPv6 /64. */
function network(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array.from({ length: missing }, () => "0"), ...after].slice(0, 4).join(":");
}
