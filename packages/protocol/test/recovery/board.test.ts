import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asBytes, type Bytes, concat, decodeCbor, encodeCbor, expectOk, sha256, toHex } from "@photon/protocol/codec";
import { padmeLength } from "../../src/archive/padding.ts";
import {
  type Author,
  type Batch,
  batchId,
  type BatchPart,
  itemsPerPart,
  type EntryBody,
  joinBatches,
  maxParts,
  maxRequest,
  paddedCount,
  readEntry,
  requestIn,
  requestLife,
  signEntry,
  splitBatch,
} from "@photon/protocol/recovery";
import { sealDeposit } from "@photon/protocol/queue";
import { ed25519Signer } from "@photon/protocol/statement";
import { seedOf } from "../statement/samples.ts";
import { anasLaptop, approval, ben, chi, codeOf, day, dealerKey, digest, fill, flip, joint, member, newPhoneAuthor, notBefore, otherDigest, plan, request, requestOf, say } from "./people.ts"; // prettier-ignore

const batch: Batch = {
  request: digest,
  level: 0,
  notBefore,
  expiry: notBefore + requestLife,
  items: Array.from({ length: 3 }, (_, at) => fill(48, at + 1)),
};
const [onePart] = splitBatch(batch);
if (onePart === undefined) throw new Error("a batch has a part");
const partOf = (change: Partial<BatchPart> = {}): EntryBody => ({ kind: "batch", value: { ...onePart, ...change } });
const bodies: readonly (readonly [Author, EntryBody])[] = [
  [ben, approval()],
  [joint, { kind: "press", value: { request: digest } }],
  [anasLaptop, { kind: "contest", value: { request: digest, reason: "not-me" } }],
  [ben, { kind: "release", value: { request: digest, level: 1 } }],
  [newPhoneAuthor, partOf()],
  [anasLaptop, { kind: "pin", value: { vault: "https://vault.example", register: fill(16, 5), sequence: 9, head: fill(32, 6) } }],
];
const read = (entry: Bytes) => readEntry(entry, plan, dealerKey);

/** The bytes of an entry in which one field of what is signed, or of its container, is another; signed anew by whom is given. */
async function altered(entry: Bytes, field: number, value: Parameters<typeof encodeCbor>[0], by?: Author): Promise<Bytes> {
  const container = new Map(expectOk(decodeCbor(entry, 70_000)) as ReadonlyMap<number, Bytes>);
  const inner = new Map(expectOk(decodeCbor(container.get(1) ?? fill(0, 0), 70_000)) as ReadonlyMap<number, Bytes>);
  const changed = encodeCbor(inner.set(field, value as Bytes));
  container.set(1, changed);
  if (by !== undefined) container.set(2, asBytes(await by.signer.sign(encodeCbor(["photon/plan/entry/1", changed]))));
  return encodeCbor(container);
}

describe("an entry of the plan queue", () => {
  test("of each kind, by one who may say it, comes back, and is named by its whole encoding", async () => {
    const ids = new Set<string>();
    for (const [author, body] of bodies) {
      const entry = await say(author, body, 5);
      const back = expectOk(read(entry));
      expect(back).toMatchObject({
        ...plan,
        author: author.signer.publicKey,
        role: author.role,
        at: author.role === "joint" ? 0 : 5,
        body,
      });
      expect(back.id).toEqual(sha256(entry));
      ids.add(toHex(back.id));
    }
    expect(ids.size).toBe(bodies.length);
  });

  test("R9: says how the person was recognised, and who reached whom", async () => {
    for (const recognised of ["in-person", "video", "voice", "other"] as const) {
      for (const contacted of ["i-reached-them", "they-reached-me"] as const) {
        const body: EntryBody = { kind: "approve", value: { request, level: 0, recognised, contacted } };
        expect(expectOk(read(await say(ben, body))).body).toEqual(body);
      }
    }
  });

  const roles = ["trustee", "device", "joint"] as const;

  test("R9: is passed over from somebody in another role, although certified in it; who was pressed says so only as all trustees", async () => {
    for (const [author, body] of bodies) {
      if (body.kind === "batch") continue;
      expect(author.role === "joint").toBe(body.kind === "press");
      for (const role of roles.filter((one) => one !== author.role))
        expect(codeOf(read(await say(member("somebody", role), body)))).toBe("bad-signature");
    }
  });

  test("is passed over with a certificate for the role that it does not claim", async () => {
    for (const [author, body] of bodies) {
      if (body.kind === "batch") continue;
      for (const role of roles.filter((one) => one !== author.role)) {
        const { certificate } = member("Ben", role);
        const pretender: Author = { ...member("Ben", author.role), certificate };
        expect(codeOf(read(await say(pretender, body)))).toBe("bad-signature");
      }
    }
  });

  test("is passed over from whom nobody has certified, or another dealer, or another plan or version of it", async () => {
    const strangers: readonly Author[] = [
      { ...ben, certificate: undefined },
      { ...ben, certificate: chi.certificate },
      { ...ben, certificate: fill(64, 0) },
      { ...ben, signer: ed25519Signer(seedOf("a stranger")) },
      member("Ben", "trustee", {}, seedOf("another dealer")),
      member("Ben", "trustee", { version: 2 }),
      member("Ben", "trustee", { plan: seedOf("Chi's plan") }),
    ];
    for (const stranger of strangers) expect(codeOf(read(await say(stranger, approval())))).toBe("bad-signature");
  });

  test("of another plan, or another version of it, is passed over", async () => {
    for (const other of [
      { ...plan, version: 4 },
      { ...plan, plan: seedOf("Chi's plan") },
    ]) {
      const entry = await signEntry(other, member("Ben", "trustee", other), 1, approval());
      expect(codeOf(readEntry(entry, other, dealerKey))).toBe("good");
      expect(codeOf(read(entry))).toBe("wrong-shape");
    }
  });

  test("with the signature of another entry, or of something else, is passed over", async () => {
    const [one, two] = [await say(ben, approval(0)), await say(ben, approval(1))];
    const signatureOf = (entry: Bytes): Bytes => entry.slice(-64);
    expect(codeOf(read(concat(one.slice(0, -64), signatureOf(one))))).toBe("good");
    expect(codeOf(read(concat(one.slice(0, -64), signatureOf(two))))).toBe("bad-signature");
    expect(codeOf(read(flip(one, -1)))).toBe("bad-signature");
    const bare = expectOk(decodeCbor(one, 70_000)) as ReadonlyMap<number, Bytes>;
    const inner = bare.get(1) ?? fill(0, 0);
    const signature = asBytes(await ben.signer.sign(inner));
    expect(codeOf(read(encodeCbor(new Map([[1, inner], [2, signature]]))))).toBe("bad-signature"); // prettier-ignore
  });

  test("with any field changed after it was signed, is passed over", async () => {
    const entry = await say(ben, approval());
    expect(codeOf(read(await altered(entry, 6, 1_790_000_000_000)))).toBe("good");
    expect(codeOf(read(await altered(entry, 6, 1)))).toBe("bad-signature");
    expect(codeOf(read(await altered(entry, 3, asBytes(chi.signer.publicKey))))).toBe("bad-signature");
    expect(codeOf(read(await altered(entry, 4, 1)))).toBe("bad-signature");
    expect(codeOf(read(await altered(entry, 4, 2)))).toBe("wrong-shape");
    expect(codeOf(read(await altered(entry, 4, 3)))).toBe("wrong-shape");
    expect(codeOf(read(await altered(entry, 6, 1, ben)))).toBe("good");
    expect(codeOf(read(await altered(entry, 6, 1, chi)))).toBe("bad-signature");
  });

  test("R9: says no time where all trustees say it", async () => {
    const press = await say(joint, { kind: "press", value: { request: digest } });
    expect(codeOf(read(await altered(press, 6, 0, joint)))).toBe("good");
    expect(codeOf(read(await altered(press, 6, 1, joint)))).toBe("wrong-shape");
  });

  test("whatever byte of it is another, is passed over", async () => {
    const entry = await say(joint, { kind: "press", value: { request: digest } });
    fc.assert(
      fc.property(fc.nat(entry.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        expect(read(flip(entry, at, bits)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("has a body of the kinds of this version, complete and without more", async () => {
    const entry = await say(ben, approval());
    const fields = (...list: (readonly [number, Bytes | number])[]): ReadonlyMap<number, Bytes | number> => new Map(list);
    for (const body of [
      [7, fields([1, digest])],
      [2, fields()],
      [2, fields([1, digest], [2, 0])],
      [3, fields([1, digest], [2, 2])],
      [4, fields([1, digest], [2, 2])],
      [2, fields([1, digest.slice(1)])],
    ] as const) {
      expect(["wrong-shape", "out-of-range"]).toContain(codeOf(read(await altered(entry, 7, body, ben))));
    }
  });

  test("fits a deposit at its longest: the longest request, or a part of 1,200 items", async () => {
    const longest = [
      await say(ben, approval(1, fill(maxRequest, 1)), Number.MAX_SAFE_INTEGER),
      await say(newPhoneAuthor, partOf({ parts: maxParts, part: maxParts - 1, items: fill(48 * itemsPerPart, 1) })),
    ];
    for (const entry of longest) expect(codeOf(sealDeposit(fill(32, 1), entry, fill(24, 1)))).toBe("good");
    await expect(say(ben, approval(0, fill(maxRequest + 1, 1)))).rejects.toThrow("6144");
  });

  test("that approves what is no request is an entry, and of no case", async () => {
    const entry = expectOk(read(await say(ben, approval(0, fill(50, 1)))));
    if (entry.body.kind !== "approve") throw new Error("an approval");
    expect(codeOf(requestIn(entry.body.value))).toBe("malformed");
    const classical = requestOf({ recipient: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p" });
    expect(codeOf(requestIn({ request: classical, level: 0, recognised: "voice", contacted: "i-reached-them" }))).toBe(
      "unknown-suite",
    );
  });
});

describe("a part of a batch", () => {
  const parts = async (change: Partial<BatchPart>, author: Author = newPhoneAuthor): Promise<string> => {
    const whole = await say(newPhoneAuthor, partOf());
    const inner = expectOk(decodeCbor(whole, 70_000)) as ReadonlyMap<number, Bytes>;
    const [tag, fields] = (
      expectOk(decodeCbor(inner.get(1) ?? fill(0, 0), 70_000)) as ReadonlyMap<number, readonly [number, ReadonlyMap<number, Bytes>]>
    ).get(7) ?? [0, new Map<number, Bytes>()];
    const numbers = { request: 1, level: 2, notBefore: 3, expiry: 4, batch: 5, part: 6, parts: 7, items: 8 } as const;
    const body = new Map(fields);
    for (const [name, value] of Object.entries(change)) body.set(numbers[name as keyof BatchPart], value as Bytes);
    return codeOf(read(await altered(whole, 7, [tag, body], author)));
  };

  test("is signed by the request's key, with no certificate", async () => {
    expect(await parts({})).toBe("good");
    expect(codeOf(read(await say({ ...newPhoneAuthor, certificate: ben.certificate }, partOf())))).toBe("bad-signature");
    expect(codeOf(read(await say(ben, partOf())))).toBe("bad-signature");
    expect(codeOf(read(await say(anasLaptop, partOf())))).toBe("bad-signature");
    expect(await parts({}, chi)).toBe("bad-signature");
  });

  test("has one form: its author's role is that of a device", async () => {
    expect(codeOf(read(await say({ ...newPhoneAuthor, role: "trustee" }, partOf())))).toBe("bad-signature");
  });

  test("R1: is from a whole day to the day fourteen days later", async () => {
    for (const [from, to] of [
      [notBefore + 1, notBefore + 1 + requestLife],
      [notBefore + day / 2, notBefore + day / 2 + requestLife],
      [notBefore, notBefore + requestLife + day],
      [notBefore, notBefore + requestLife - 1],
      [notBefore, notBefore],
      [notBefore, 0],
    ] as const) {
      expect(await parts({ notBefore: from, expiry: to })).toBe("wrong-shape");
    }
    expect(await parts({ notBefore: 0, expiry: requestLife })).toBe("good");
    expect(await parts({ notBefore: notBefore + day, expiry: notBefore + day + requestLife })).toBe("good");
  });

  test("is one of at most thirty, and not beyond the last", async () => {
    expect(await parts({ part: 1, parts: 1 })).toBe("wrong-shape");
    expect(await parts({ part: 29, parts: 30 })).toBe("good");
    expect(await parts({ part: 30, parts: 30 })).toBe("out-of-range");
    expect(await parts({ part: 0, parts: 31 })).toBe("out-of-range");
    expect(await parts({ part: 0, parts: 0 })).toBe("out-of-range");
  });

  test("has whole items, one at least and 1,200 at most", async () => {
    expect(await parts({ items: fill(49, 1) })).toBe("wrong-shape");
    expect(await parts({ items: fill(0, 1) })).toBe("out-of-range");
    expect(await parts({ items: fill(48 * 1200, 1) })).toBe("good");
    expect(await parts({ items: fill(48 * 1201, 1) })).toBe("out-of-range");
  });
});

const items = (count: number): readonly Bytes[] =>
  Array.from({ length: count }, (_, at) => concat(Uint8Array.of(at >> 8, at & 255), fill(46, 7)));
const of = (count: number, change: Partial<Batch> = {}): Batch => ({ ...batch, ...change, items: items(count) });

describe("a batch", () => {
  test("is named by all that trustees fill the header with, and by every item in its place", () => {
    const names = [
      batch,
      { ...batch, request: otherDigest },
      { ...batch, level: 1 as const },
      { ...batch, notBefore: batch.notBefore + day },
      { ...batch, expiry: batch.expiry + day },
      { ...batch, items: batch.items.toReversed() },
      { ...batch, items: batch.items.slice(1) },
      { ...batch, items: [...batch.items, fill(48, 9)] },
    ].map((one) => toHex(batchId(one)));
    expect(new Set(names).size).toBe(names.length);
  });

  test("comes back from its parts in any order, given once or twice, among parts of others", () => {
    const other = of(3, { level: 1 });
    const deliveries = fc.constantFrom(1, 16, 1199, 1200, 1201, 3600).chain((count) => {
      const whole = of(count);
      const parts = splitBatch(whole);
      const given = [...parts, ...splitBatch(other), ...parts.slice(1)];
      return fc.shuffledSubarray(given, { minLength: given.length }).map((delivered) => ({ whole, delivered }));
    });
    fc.assert(
      fc.property(deliveries, ({ whole, delivered }) => {
        const joined = joinBatches(delivered);
        expect(joined).toHaveLength(2);
        expect(joined).toContainEqual(whole);
        expect(joined).toContainEqual(other);
      }),
      { numRuns: 30 },
    );
  });

  test("of which any part is missing is none", () => {
    const parts = splitBatch(of(3000));
    expect(parts).toHaveLength(3);
    for (const at of [0, 1, 2]) expect(joinBatches(parts.toSpliced(at, 1))).toEqual([]);
    expect(joinBatches([])).toEqual([]);
  });

  test("of which any part was forged is none, and the others are as they were", () => {
    const [one, two] = [of(2000), of(20, { level: 1 })];
    const parts = splitBatch(one);
    expect(joinBatches(parts)).toEqual([one]);
    const [first, second] = parts;
    if (first === undefined || second === undefined) throw new Error("two parts");
    const forgeries: readonly (readonly BatchPart[])[] = [
      [{ ...first, items: flip(first.items, 5) }, second],
      parts.map((part) => ({ ...part, part: 1 - part.part })),
      [first, { ...second, items: second.items.slice(48) }],
      [first, { ...second, request: otherDigest }],
      [first, { ...second, level: 1 }],
      [first, { ...second, parts: 3 }],
      [first, { ...second, batch: batchId(two) }],
      parts.map((part) => ({ ...part, batch: batchId(two) })),
      parts.map((part) => ({ ...part, notBefore: part.notBefore + day, expiry: part.expiry + day })),
    ];
    for (const forged of forgeries) expect(joinBatches([...forged, ...splitBatch(two)])).toEqual([two]);
  });

  test("is joined or not whatever the order is in which its key says two things in one place", () => {
    const [first, second] = splitBatch(of(2000));
    if (first === undefined || second === undefined) throw new Error("two parts");
    const twice = { ...second, items: flip(second.items, 3) };
    expect(joinBatches([second, first])).toHaveLength(1);
    const orders = [[first, second, twice], [first, twice, second], [twice, first, second], [second, twice, first]]; // prettier-ignore
    expect(new Set(orders.map((parts) => joinBatches(parts).length)).size).toBe(1);
  });

  test("cut into other parts than we would cut it into is the same, and there once", () => {
    const whole = of(4);
    const [part] = splitBatch(whole);
    if (part === undefined) throw new Error("one part");
    const halves = [0, 1].map((at) => ({
      ...part,
      part: at,
      parts: 2,
      items: part.items.slice(96 * at, 96 * at + 96),
    }));
    expect(joinBatches(halves)).toEqual([whole]);
    expect(joinBatches([...halves, part])).toEqual([whole]);
  });

  test("has 36,000 items at most, in parts of 1,200", () => {
    const parts = splitBatch(of(36_000));
    expect(parts.map(({ items: own }) => own.length)).toEqual(Array.from({ length: maxParts }, () => 48 * itemsPerPart));
    expect(() => splitBatch(of(36_001))).toThrow("36001");
    expect(() => splitBatch(of(0))).toThrow("0 items");
  });
});

describe("the number of items", () => {
  test("is padded as lengths are, never below sixteen and by an eighth at most", () => {
    expect([0, 1, 15, 16, 17, 18, 19, 100, 1000].map(paddedCount)).toEqual([16, 16, 16, 16, 18, 18, 20, 104, 1024]);
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 36_000 }), (count) => {
        const padded = paddedCount(count);
        expect(padded).toBeGreaterThanOrEqual(count);
        expect(padded / count).toBeLessThanOrEqual(1.12);
        expect(padded).toBe(Math.min(36_000, count < 1024 ? padded : padmeLength(count)));
        expect(paddedCount(padded)).toBe(padded);
      }),
    );
  });

  test("never passes what a batch takes: somebody with 35,000 relationships is not left behind", () => {
    for (const count of [34_816, 34_817, 35_000, 36_000]) expect(splitBatch(of(paddedCount(count)))).toHaveLength(maxParts);
  });

  test("takes few values, so that it says little", () => {
    const values = new Set(Array.from({ length: 36_000 }, (_, count) => paddedCount(count)));
    expect(values.size).toBeLessThan(170);
  });
});
