import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asBytes, type Bytes, decodeCbor, encodeCbor, expectOk } from "@photon/protocol/codec";
import { decryptWithIdentity } from "@photon/protocol/archive";
import { sealDeposit } from "@photon/protocol/queue";
import {
  joinPartials,
  maxParts,
  partialsPerPart,
  type PartialsPart,
  readReply,
  type ReplyAuthor,
  type ReplyBody,
  sealReply,
  splitPartials,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { certifyPseudonym, openerShareOf } from "@photon/protocol/trustees";
import { openerIdentity } from "../../src/trustees/opener.ts";
import { seedOf } from "../statement/samples.ts";
import { deal, trustee } from "../trustees/people.ts";
import { ben, chi, codeOf, dealerKey, dealerSeed, digest, fill, flip, member, newPhone, otherDigest, plan } from "./people.ts";

const { index } = trustee(0);
const place = { vault: "https://vault.example", register: fill(16, 1), sequence: 7 };
const approvalBody: Extract<ReplyBody, { kind: "approval" }> = {
  kind: "approval",
  value: {
    level: 0,
    threshold: 3,
    contested: 4,
    delayHours: 48,
    hint: "Where did we meet the goat?",
    seen: 2,
    readyAt: 0,
    contestedNow: 0,
    index,
    verification: deal.verification.data,
    places: [place],
  },
};
const partial = (number: number): Bytes => fill(48, number);
const partialsBody = (change: Partial<PartialsPart> = {}): ReplyBody => ({
  kind: "partials",
  value: { index, batch: fill(32, 8), part: 0, parts: 1, partials: fill(96, 1), ...change },
});
const bodies: readonly ReplyBody[] = [
  approvalBody,
  { kind: "release", value: { share: openerShareOf(trustee(0)), places: [place] } },
  partialsBody(),
  ...(["not-ready", "wrong-level", "wrong-day", "too-many"] as const).map((reason): ReplyBody => ({
    kind: "refusal",
    value: { batch: fill(32, 8), reason },
  })),
];
const { signer, certificate } = ben;
if (certificate === undefined) throw new Error("Ben is certified");
const asBen: ReplyAuthor = { ...plan, dealerKey, signer, certificate };
const phone = { digest, recipient: newPhone.recipient };

const opened = async (body: ReplyBody, author: ReplyAuthor = asBen, request = phone): Promise<Bytes> =>
  expectOk(await decryptWithIdentity(await sealReply(request, author, body), newPhone.identity));
const read = (inside: Bytes) => readReply(digest, inside);

/** What was opened, with one field of the reply another, signed anew by Ben. */
async function altered(inside: Bytes, field: number, value: Parameters<typeof encodeCbor>[0]): Promise<Bytes> {
  const container = expectOk(decodeCbor(inside, 70_000)) as ReadonlyMap<number, Bytes>;
  const fields = new Map(expectOk(decodeCbor(container.get(1) ?? fill(0, 0), 70_000)) as ReadonlyMap<number, Bytes>);
  const reply = encodeCbor(fields.set(field, value as Bytes));
  const signature = asBytes(await signer.sign(encodeCbor(["photon/recovery/reply/1", digest, reply])));
  return encodeCbor(new Map([[1, reply], [2, signature]])); // prettier-ignore
}

describe("a trustee's answer", () => {
  test("of each kind comes back to the new device, with who wrote it and of which plan", async () => {
    for (const body of bodies) {
      const reply = expectOk(read(await opened(body)));
      expect(reply).toEqual({ ...plan, dealerKey, author: signer.publicKey, certificate, body });
    }
  });

  test("is sealed to the key of the request, and to no other", async () => {
    const file = await sealReply(phone, asBen, approvalBody);
    const stranger = openerIdentity(trustee(1).opener);
    expect(codeOf(await decryptWithIdentity(file, stranger.identity))).toBe("cannot-open");
    expect(codeOf(await decryptWithIdentity(flip(file, -1), newPhone.identity))).toBe("cannot-open");
  });

  test("to one request is none to another", async () => {
    const toOther = await opened(approvalBody, asBen, { ...phone, digest: otherDigest });
    expect(codeOf(read(toOther))).toBe("bad-signature");
    expect(codeOf(readReply(otherDigest, toOther))).toBe("good");
  });

  test("whose signature is another's, or of something else, is passed over", async () => {
    const inside = await opened(approvalBody);
    expect(codeOf(read(flip(inside, -1)))).toBe("bad-signature");
    expect(codeOf(read(await opened(approvalBody, { ...asBen, signer: chi.signer })))).toBe("bad-signature");
    const stranger = ed25519Signer(seedOf("a stranger"));
    const swapped: ReplyAuthor = { ...asBen, signer: { ...stranger, publicKey: signer.publicKey } };
    expect(codeOf(read(await opened(approvalBody, swapped)))).toBe("bad-signature");
    expect(codeOf(read(await altered(inside, 2, plan.version)))).toBe("good");
  });

  test("whose author the named dealer has not certified, as a trustee, in this version, is passed over", async () => {
    const others = [
      member("Ben", "device"),
      member("Ben", "trustee", { version: 2 }),
      member("Ben", "trustee", { plan: seedOf("Chi's plan") }),
      member("Ben", "trustee", {}, seedOf("another dealer")),
      chi,
    ];
    for (const { certificate: other } of others) {
      if (other === undefined) throw new Error("certified");
      expect(codeOf(read(await opened(approvalBody, { ...asBen, certificate: other })))).toBe("bad-signature");
    }
    expect(codeOf(read(await altered(await opened(approvalBody), 2, 4)))).toBe("bad-signature");
    expect(codeOf(read(await altered(await opened(approvalBody), 3, fill(32, 1))))).toBe("bad-signature");
  });

  test("by somebody with a dealer of their own names that dealer, so that it falls into another group", async () => {
    const theirs = seedOf("a dealer of their own");
    const key = { ...plan, role: "trustee", key: asBytes(signer.publicKey) } as const;
    const forged: ReplyAuthor = {
      ...asBen,
      dealerKey: asBytes(ed25519Signer(theirs).publicKey),
      certificate: certifyPseudonym(theirs, key),
    };
    expect(expectOk(read(await opened(approvalBody, forged))).dealerKey).not.toEqual(dealerKey);
    expect(dealerKey).toEqual(ed25519Signer(dealerSeed).publicKey);
  });

  test("says of the plan what its verification data says, and nothing else", async () => {
    const inside = await opened(approvalBody);
    const container = expectOk(decodeCbor(inside, 70_000)) as ReadonlyMap<number, Bytes>;
    const fields = expectOk(decodeCbor(container.get(1) ?? fill(0, 0), 70_000)) as ReadonlyMap<number, unknown>;
    const [tag, body] = fields.get(6) as readonly [number, ReadonlyMap<number, Bytes | number>];
    for (const [key, value] of [
      [2, 2],
      [3, 5],
      [2, 0],
      [3, 17],
    ] as const) {
      const said = codeOf(read(await altered(inside, 6, [tag, new Map([...body, [key, value]])])));
      expect(said).toBe(value === 0 || value === 17 ? "out-of-range" : "wrong-shape");
    }
  });

  test("fits a deposit at its longest", async () => {
    const places = Array.from({ length: 8 }, () => ({ ...place, vault: "\uffff".repeat(256), sequence: Number.MAX_SAFE_INTEGER }));
    const { value } = approvalBody;
    const longest: readonly ReplyBody[] = [
      { kind: "approval", value: { ...value, hint: "\uffff".repeat(200), readyAt: Number.MAX_SAFE_INTEGER, seen: 64, places } },
      partialsBody({ part: maxParts - 1, parts: maxParts, partials: fill(48 * partialsPerPart, 1) }),
    ];
    for (const body of longest) {
      const file = await sealReply(phone, asBen, body);
      expect(codeOf(sealDeposit(fill(32, 1), file, fill(24, 1)))).toBe("good");
    }
  });

  test("whatever byte of it is another, or wherever it ends, is passed over", async () => {
    const inside = await opened(bodies[1] ?? approvalBody);
    fc.assert(
      fc.property(fc.nat(inside.length - 1), fc.integer({ min: 0, max: 255 }), (at, bits) => {
        expect(read(bits === 0 ? inside.slice(0, at) : flip(inside, at, bits)).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe("partial signatures", () => {
  const inParts = (count: number) =>
    splitPartials(
      index,
      fill(32, 8),
      Array.from({ length: count }, (_, at) => partial(at & 255)),
    ).map(({ value }) => value);

  test("come back from their parts in any order, given once or twice", () => {
    const deliveries = fc.constantFrom(1, 16, 1199, 1200, 1201, 3601).chain((count) => {
      const parts = inParts(count);
      const given = [...parts, ...parts.slice(1)];
      return fc.shuffledSubarray(given, { minLength: given.length }).map((delivered) => ({ count, delivered }));
    });
    fc.assert(
      fc.property(deliveries, ({ count, delivered }) => {
        const joined = joinPartials(delivered, count);
        expect(joined).toHaveLength(count);
        expect(joined?.every((one, at) => one.length === 48 && one[0] === (at & 255))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("are as many answers as it takes for the largest batch", () => {
    expect(inParts(36_000)).toHaveLength(maxParts);
    expect(inParts(36_000).every(({ partials }) => partials.length === 48 * partialsPerPart)).toBe(true);
  });

  test("of which a part is missing, or one too many or too few signatures are there, are none", () => {
    const parts = inParts(2500);
    for (const at of [0, 1, 2]) expect(joinPartials(parts.toSpliced(at, 1), 2500)).toBeUndefined();
    expect(joinPartials([], 0)).toBeUndefined();
    for (const count of [0, 2499, 2501]) expect(joinPartials(parts, count)).toBeUndefined();
    expect(joinPartials(parts, 2500)).toHaveLength(2500);
    expect(joinPartials(parts.slice(0, 1), 1200)).toBeUndefined();
  });

  test("in parts that do not belong together are none", () => {
    const [first, second] = inParts(1201);
    if (first === undefined || second === undefined) throw new Error("two parts");
    expect(joinPartials([first, { ...second, parts: 3 }], 1201)).toBeUndefined();
    expect(joinPartials([first, { ...second, part: 2 }], 1201)).toBeUndefined();
    expect(joinPartials([{ ...first, parts: 1 }, second], 1201)).toBeUndefined();
  });

  test("with half a signature, or in a part beyond the last, are refused", async () => {
    const inside = await opened(partialsBody());
    const sent = async (change: ReadonlyMap<number, Bytes | number>): Promise<string> => {
      const container = expectOk(decodeCbor(inside, 70_000)) as ReadonlyMap<number, Bytes>;
      const fields = expectOk(decodeCbor(container.get(1) ?? fill(0, 0), 70_000)) as ReadonlyMap<number, unknown>;
      const [tag, body] = fields.get(6) as readonly [number, ReadonlyMap<number, Bytes | number>];
      return codeOf(read(await altered(inside, 6, [tag, new Map([...body, ...change])])));
    };
    const one = (key: number, value: Bytes | number): ReadonlyMap<number, Bytes | number> => new Map([[key, value]]);
    expect(await sent(one(5, fill(48, 1)))).toBe("good");
    expect(await sent(one(5, fill(49, 1)))).toBe("wrong-shape");
    expect(await sent(one(5, fill(95, 1)))).toBe("wrong-shape");
    expect(await sent(one(5, fill(47, 1)))).toBe("out-of-range");
    expect(await sent(one(5, fill(48 * 1201, 1)))).toBe("out-of-range");
    expect(await sent(one(3, 1))).toBe("wrong-shape");
    expect(await sent(one(4, 0))).toBe("out-of-range");
    expect(await sent(one(4, 31))).toBe("out-of-range");
  });
});
