import { expect, test } from "vitest";
import { packGroup, packOutcomes, unpackGroup, unpackOutcomes } from "../src/relay/group-wire.ts";
import type { CommittedGroup } from "../src/relay/apply.ts";
import type { RelayWrite } from "../src/relay/writes.ts";
import { random } from "./people.ts";

const append = (size: number, version: number, place = 0): RelayWrite => ({
  kind: "append",
  receiveId: random(16),
  version,
  place,
  appendId: random(16),
  body: random(size),
});

test("a group arrives at the commit thread as it left, whatever it is made of", () => {
  const writes: readonly RelayWrite[] = [
    { kind: "sweep-drops" },
    append(1024, 0),
    append(65536, 0xffff_ffff, 23),
    { kind: "put", dropId: random(32), body: random(9), untilDay: 7 },
    append(4096, 3),
    { kind: "delete", receiveId: random(16), provedBy: random(32) },
  ];
  const packed = packGroup(writes, 20_000);
  expect(packed.today).toBe(20_000);
  expect(unpackGroup(packed)).toEqual(writes);
  expect(unpackGroup(packGroup([], 1))).toEqual([]);
});

test("its outcomes come back as they were, and what is told of them", () => {
  const group: CommittedGroup = {
    outcomes: [
      { kind: "done" },
      { kind: "appended", seq: 7 },
      { kind: "stale" },
      { kind: "appended", seq: 7 },
      { kind: "refused", code: "queue-full", detail: "full", retryAfter: 5 },
      { kind: "appended", seq: 2 ** 40 },
    ],
    told: [
      { kind: "appended", index: 1, seq: 7 },
      { kind: "appended", index: 5, seq: 2 ** 40 },
      { kind: "ended", receiveId: random(16) },
    ],
  };
  expect(unpackOutcomes(packOutcomes(group))).toEqual(group);
});
