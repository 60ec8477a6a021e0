import { describe, expect, test } from "vitest";
import { toHex } from "@photon/protocol/codec";
import {
  type ApprovalRefusal,
  type Author,
  casesOf,
  type FreshReading,
  mayApprove,
  patience,
  readsBeforeRelease,
  recoveredQuarantine,
  type Sighting,
} from "@photon/protocol/recovery";
import { ben, chi, day, dee, digest, hour, otherDigest, otherRequest } from "./people.ts";
import { approves, contests, rules, start } from "./sightings.ts";

describe("R12: who may approve", () => {
  const may = (
    who: Author,
    sightings: readonly Sighting[],
    now: number,
    of = digest,
    recoveredAt?: number,
  ): ApprovalRefusal | undefined => {
    const cases = casesOf(rules, sightings, [], start + now);
    const author = who.signer.publicKey.slice();
    return mayApprove(cases, toHex(of), author, recoveredAt === undefined ? undefined : start + recoveredAt, start + now);
  };

  test("anybody whose circle is as it was, also what nobody has approved before them", () => {
    expect(may(ben, [], 0)).toBeUndefined();
    expect(may(ben, [approves(chi, 0)], hour)).toBeUndefined();
    expect(may(ben, [approves(chi, 0)], hour, digest, -40 * day)).toBeUndefined();
  });

  test("no circle that was itself recovered less than thirty days ago", () => {
    expect(recoveredQuarantine).toBe(30 * day);
    expect(may(ben, [], 0, digest, 0)).toBe("recovered-recently");
    expect(may(ben, [], 30 * day - 1, digest, 0)).toBe("recovered-recently");
    expect(may(ben, [], 30 * day, digest, 0)).toBeUndefined();
  });

  test("nobody what is over", () => {
    expect(may(ben, [approves(chi, 0)], 16 * day)).toBeUndefined();
    expect(may(ben, [approves(chi, 0)], 16 * day + 1)).toBe("expired");
    expect(may(ben, [approves(ben, 0), approves(chi, 0), contests(day)], 15 * day + 1)).toBe("expired");
  });

  test("nobody a second request while one that they approved is open", () => {
    const first = [approves(ben, 0, 0, otherRequest)];
    expect(may(ben, first, hour)).toBe("rival-open");
    expect(may(chi, first, hour)).toBeUndefined();
    expect(may(ben, first, 16 * day)).toBe("rival-open");
    expect(may(ben, first, 16 * day + 1)).toBeUndefined();
    expect(may(ben, [...first, approves(chi, hour, 0, otherRequest)], 10 * day)).toBe("rival-open");
  });

  test("nobody a second request either, when they approved the first after a contest of it", () => {
    const first = [approves(chi, 0, 0, otherRequest), contests(10 * day, otherDigest), approves(ben, 20 * day, 1, otherRequest)];
    expect(may(ben, first, 21 * day)).toBe("rival-open");
  });

  test("whoever has approved a request may approve it again, with the contest on the screen", () => {
    expect(may(ben, [approves(ben, 0), approves(chi, 0), contests(day)], day)).toBeUndefined();
    expect(may(dee, [approves(ben, 0), approves(chi, 0), contests(day)], day)).toBeUndefined();
  });
});

describe("R3: before a share is released everything is read afresh", () => {
  const reads = (reading: FreshReading, after = 0): boolean => readsBeforeRelease(reading, start, start + after);

  test("where all can be read, at once", () => {
    expect(reads({ operators: [true, true], relationship: true })).toBe(true);
    expect(reads({ operators: [true], relationship: true })).toBe(true);
  });

  test("where one cannot be read, three days from the beginning of ready", () => {
    expect(patience).toBe(3 * day);
    for (const reading of [
      { operators: [true, false], relationship: true },
      { operators: [false, true], relationship: true },
      { operators: [true, true], relationship: false },
      { operators: [true, false], relationship: false },
    ]) {
      expect(reads(reading)).toBe(false);
      expect(reads(reading, 3 * day - 1)).toBe(false);
      expect(reads(reading, 3 * day)).toBe(true);
    }
  });

  test("where no operator can be read, never", () => {
    for (const operators of [[], [false], [false, false]]) {
      for (const relationship of [true, false]) expect(reads({ operators, relationship }, 400 * day)).toBe(false);
    }
  });
});
