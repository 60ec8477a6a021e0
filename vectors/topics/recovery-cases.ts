/**
 * Cases: what a trustee has seen, and when, and where each request stands then (spec/12-recovery.md, 12.5). Who approves, and
 * what, is named and not signed: the entries themselves have vectors of their own.
 */
import { asBytes, type Bytes, ok, type Result, sha256, toHex, utf8 } from "@photon/protocol/codec";
import { casesOf, encodeRequest, type Entry, type EntryBody, requestDigest } from "@photon/protocol/recovery";
import { type Fields, fixed, type Json, listOf, numberOf, textOf, toJson, type ValidCase } from "../support.ts";

const hour = 3_600_000;
const day = 24 * hour;
const requestOf = (recipient: string, device: string): Bytes =>
  encodeRequest({
    suite: "ed25519-xwing-aes256gcm-sha512",
    created: 0,
    device,
    recipient,
    signKey: fixed(`sign key of ${device}`, 32),
    reply: {
      relay: "https://relay.example",
      sendId: fixed("send id", 16),
      writeKey: fixed("write key", 32),
      sealKey: fixed("seal key", 32),
      rotation: 0,
    },
  });

const plan = { plan: fixed("plan", 32), version: 3 };
function entryOf(by: string, body: EntryBody, number: number): Entry {
  const role = body.kind === "contest" ? "device" : body.kind === "press" ? "joint" : "trustee";
  // Whoever presses, it is by all trustees as one.
  const author = fixed(`pseudonym ${role === "joint" ? role : by}`, 32);
  return { ...plan, author, role, at: 0, body, id: asBytes(sha256(utf8(`entry ${number}`))) };
}

/** `seen`: `say` (approve, press, contest, or hear: a contest in the relationship), `by`, `request`, `level`, `at`. */
export function standOf(recipient: string, input: Fields): Result<unknown, { readonly code: string }> {
  const seen = listOf(input, "seen") as readonly Fields[];
  const names = new Map(seen.map((one) => [textOf(one, "request"), requestOf(recipient, textOf(one, "request"))]));
  const bytesOf = (one: Fields): Bytes => names.get(textOf(one, "request")) ?? new Uint8Array(0);
  const digestOf = (one: Fields): Bytes => requestDigest(bytesOf(one));
  const bodyOf = (one: Fields): EntryBody | undefined => {
    switch (textOf(one, "say")) {
      case "approve":
        return {
          kind: "approve",
          value: { request: bytesOf(one), level: numberOf(one, "level"), recognised: "voice", contacted: "i-reached-them" },
        };
      case "press":
        return { kind: "press", value: { request: digestOf(one) } };
      case "contest":
        return { kind: "contest", value: { request: digestOf(one), reason: "not-me" } };
      default:
        return undefined;
    }
  };
  const sightings = seen.flatMap((one, number) => {
    const body = bodyOf(one);
    return body === undefined ? [] : [{ entry: entryOf(textOf(one, "by"), body, number), firstSeen: numberOf(one, "at") }];
  });
  const heard = seen.flatMap((one) => (one["say"] === "hear" ? [{ request: digestOf(one), firstSeen: numberOf(one, "at") }] : []));
  const rules = {
    threshold: numberOf(input, "threshold"),
    contested: numberOf(input, "contested"),
    delay: numberOf(input, "delay"),
  };
  const cases = casesOf(rules, sightings, heard, numberOf(input, "now"));
  return ok(
    Object.fromEntries(
      [...names].flatMap(([name, bytes]) => {
        const found = cases.get(toHex(requestDigest(bytes)));
        return found === undefined ? [] : [[name, { ...found.state, contestedAt: found.contestedAt, rivals: found.rivals.length }]];
      }),
    ),
  );
}

type Said = readonly [say: string, by: string, at: number, level?: number, request?: string];
const approve = (by: string, at: number, level = 0, request = "one"): Said => ["approve", by, at, level, request];
const contest = (at: number, request = "one"): Said => ["contest", "laptop", at, 0, request];
const press = (by: string, at: number): Said => ["press", by, at];
const both = [approve("Ben", 0), approve("Chi", hour)];
const escalated = [...both, contest(day), ...["Ben", "Chi", "Dee"].map((who, at) => approve(who, (2 + at) * day, 1))];
const ready = 49 * hour;
const over = ready + 14 * day;

const stories: readonly (readonly [string, readonly Said[], readonly number[]])[] = [
  ["one of two", [approve("Ben", 0)], [hour, 16 * day, 16 * day + 1]],
  ["two of two", both, [hour, ready - 1, ready, over, over + 1]],
  ["Ben twice", [approve("Ben", 0), approve("Ben", hour)], [ready]],
  ["the second when the first is over", [approve("Ben", 0), approve("Chi", 16 * day + 1)], [20 * day]],
  ["a contest with the last approval", [...both, contest(hour)], [hour, 15 * day]],
  ["a contest in the moment of ready", [...both, contest(ready)], [ready]],
  ["a contest in the last moment", [...both, contest(over)], [over]],
  ["a contest when it is over", [...both, contest(over + 1)], [over + 1]],
  ["a contest that was heard", [...both, ["hear", "Ana", day]], [day, 15 * day + 1]],
  ["the second key", escalated, [4 * day, 11 * day - 1, 11 * day, 25 * day + 1]],
  ["another contest after the second key", [...escalated, contest(12 * day)], [12 * day]],
  ["level 1 too early, and again", [approve("Ben", 0, 1), ...escalated.slice(0, 3), approve("Ben", 2 * day, 1)], [2 * day]],
  ["level 1 in the moment of the contest", [...both, contest(day), approve("Dee", day, 1)], [day]],
  ["pressure while it waits", [...both, press("Dee", day), press("Ben", 2 * day)], [ready, ready + 7 * day]],
  ["pressure when it is ready", [...both, press("Dee", ready)], [ready]],
  ["pressure after a contest", [...escalated, press("Dee", 5 * day)], [11 * day, 18 * day]],
  ["rivals", [...both, approve("Chi", day, 0, "two"), approve("Dee", 2 * day, 0, "two")], [2 * day, ready]],
  ["a rival that is over", [...both, approve("Chi", over + 1, 0, "two"), approve("Dee", over + 1, 0, "two")], [over + 1]],
];

export function caseVectors(recipient: string): ValidCase[] {
  return stories.flatMap(([name, said, times]) => {
    const seen = said.map(([say, by, at, level = 0, request = "one"]): Json => ({ say, by, request, level, at }));
    return times.map((now) => {
      const input = { threshold: 2, contested: 3, delay: 48 * hour, seen, now };
      const stand = standOf(recipient, input);
      if (!stand.ok) throw new Error(name);
      return { name: `case: ${name}, after ${now} ms`, type: "case", input, output: toJson(stand.value) };
    });
  });
}
