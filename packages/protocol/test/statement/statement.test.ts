import { type Cbor, type CborMap, decodeCbor, encodeCbor, expectOk, utf8 } from "@photon/protocol/codec";
import {
  algorithms,
  bodySchemas,
  type Draft,
  ed25519Signer,
  headsSchema,
  idKey,
  isStatementType,
  makeGroupId,
  makeLeafId,
  makeSideId,
  makeStatementId,
  maxStatement,
  parseStatement,
  signStatement,
  type StatementType,
} from "@photon/protocol/statement";
import { describe, expect, test } from "vitest";
import { ana, drafts, recovery, seedOf, side, signerOf } from "./samples.ts";

const types = Object.keys(bodySchemas).filter(isStatementType);
const sign = (type: StatementType) => signStatement(drafts[type] as Draft<StatementType>, signerOf(type));
const refusal = (bytes: Uint8Array): string => {
  const parsed = parseStatement(bytes);
  return parsed.ok ? "accepted" : `${parsed.error.code} ${parsed.error.detail}`;
};

interface Parts {
  header?: ReadonlyMap<number, Cbor>;
  unprotected?: Cbor;
  payload?: ReadonlyMap<number, Cbor>;
  version?: number;
  type?: string;
}
/** A statement put together by hand around a `close`, signed by Ana over exactly those parts. */
async function forge(parts: Parts = {}): Promise<Uint8Array> {
  const type = parts.type ?? "close";
  const version = parts.version ?? 1;
  const header = encodeCbor(new Map<number, Cbor>([[1, -19], [16, type], [-65537, version], ...(parts.header ?? [])])); // prettier-ignore
  const fields = new Map<number, Cbor>([[1, side], [2, []], [3, ana.publicKey], [4, 0], [5, new Map([[1, 0]])], ...(parts.payload ?? [])]); // prettier-ignore
  const payload = encodeCbor(fields);
  const signature = await ana.sign(encodeCbor(["Signature1", header, utf8(`photon/statement/${type}/${version}`), payload]));
  return encodeCbor([header, parts.unprotected ?? new Map(), payload, signature]);
}

describe("every type", () => {
  test.each(types)("%s: signed, parsed and encoded again, it is the same", async (type) => {
    const statement = await sign(type);
    const parsed = expectOk(parseStatement(statement.bytes));
    expect(parsed).toEqual(statement);
    if (parsed.type === "unknown") throw new Error("known here");
    expect(parsed).toMatchObject({ type, version: 1, side, claimedAt: drafts[type].claimedAt, signer: signerOf(type).publicKey });
    const again = { type: parsed.type, side: parsed.side, heads: parsed.heads, claimedAt: parsed.claimedAt, body: parsed.body };
    expect((await signStatement(again as Draft<StatementType>, signerOf(type))).bytes).toEqual(statement.bytes);
  });

  test.each(types)("%s: any changed byte is refused", async (type) => {
    const { bytes, algorithm } = await sign(type);
    const step = Math.max(1, Math.floor(bytes.length / 60));
    for (let at = 0; at < bytes.length; at += step) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const parsed = parseStatement(changed);
      // What a BLS label covers is verified by the lineage, against the commitment.
      if (algorithm === "ed25519") expect(parsed.ok, `byte ${at}`).toBe(false);
    }
  });

  test.each(types)("%s: a known type with a missing, an extra or a wrong field is refused", async (type) => {
    const { bytes } = await sign(type);
    const payload = (expectOk(decodeCbor(bytes, maxStatement)) as readonly Cbor[])[2] as Uint8Array;
    const body = (expectOk(decodeCbor(payload, maxStatement)) as CborMap).get(5) as CborMap;
    const optionalFields = type === "contest" ? [3] : [];
    for (const key of body.keys()) {
      const without = new Map([...body].filter(([other]) => other !== key));
      if (!optionalFields.includes(key))
        expect(refusal(await forge({ type, payload: new Map([[5, without]]) }))).toMatch(/^wrong-shape \$\.body\./u);
      expect(refusal(await forge({ type, payload: new Map([[5, new Map<number, Cbor>([...body, [key, [[false]]]])]]) }))).toMatch(
        /^(?:wrong-shape|out-of-range) \$\.body\./u,
      );
    }
    expect(refusal(await forge({ type, payload: new Map([[5, new Map<number, Cbor>([...body, [99, 0]])]]) }))).toBe(
      "wrong-shape $.body: expected no field 99",
    );
  });
});

describe("COSE_Sign1", () => {
  test("the statement keeps bytes of its own", async () => {
    const { bytes } = await sign("close");
    const received = bytes.slice();
    const parsed = expectOk(parseStatement(received));
    received.fill(0);
    expect(parsed.bytes).toEqual(bytes);
  });

  test.each([
    ["a tag around it", (b: Uint8Array) => Uint8Array.of(0xd2, ...b), "wrong-shape"],
    ["a trailing byte", (b: Uint8Array) => Uint8Array.of(...b, 0), "malformed"],
    ["a missing byte", (b: Uint8Array) => b.subarray(0, -1), "malformed"],
    ["nothing", () => new Uint8Array(), "malformed"],
    ["an indefinite array", (b: Uint8Array) => Uint8Array.of(0x9f, ...b.subarray(1), 0xff), "not-canonical"],
    ["too many bytes", () => new Uint8Array(maxStatement + 1), "too-long"],
    ["a map", () => Uint8Array.of(0xa0), "wrong-shape"],
    ["three parts", () => Uint8Array.of(0x83, 0x40, 0xa0, 0x40), "wrong-shape"],
    ["a detached payload", () => Uint8Array.of(0x84, 0x40, 0xa0, 0xf6, 0x40), "wrong-shape"],
    ["a text payload", () => Uint8Array.of(0x84, 0x40, 0xa0, 0x60, 0x40), "wrong-shape"],
  ] as const)("refuses %s", async (_, change, code) => {
    expect(refusal(change((await sign("close")).bytes))).toMatch(new RegExp(`^${code}`, "u"));
  });

  test("by hand and by signStatement, the bytes are the same", async () => {
    const draft: Draft<"close"> = { type: "close", side, heads: [], claimedAt: 0, body: { reason: "goodbye" } };
    expect(await forge()).toEqual((await signStatement(draft, ana)).bytes);
  });

  test.each([
    ["an unprotected header", { unprotected: new Map([[4, Uint8Array.of(1)]]) }, "wrong-shape $: the unprotected header is empty"],
    ["a list for the unprotected header", { unprotected: [] }, "wrong-shape $: the unprotected header is empty"],
    ["another header parameter", { header: new Map([[4, Uint8Array.of(1)]]) }, "wrong-shape $: expected no field 4"],
    ["EdDSA (−8)", { header: new Map([[1, -8]]) }, "unknown-suite $.algorithm: -8 is none of ed25519, bls12381"],
    ["ES256 (−7)", { header: new Map([[1, -7]]) }, "unknown-suite $.algorithm: -7 is none of ed25519, bls12381"],
    [
      "no algorithm number",
      { header: new Map([[1, "Ed25519"]]) },
      "wrong-shape $.algorithm: expected the number of one of ed25519, bls12381",
    ],
    ["version 0", { version: 0 }, "out-of-range $.version: not in 1..65535"],
    ["an empty type name", { type: "" }, "wrong-shape $.type: no type name"],
    ["a type name with a control character", { type: "close\u0007" }, "wrong-shape $.type: no type name"],
    ["a type name with a slash", { type: "close/1" }, "wrong-shape $.type: no type name"],
    ["a type name of 33 characters", { type: "a".repeat(33) }, "out-of-range $.type: longer than 32"],
    ["a header that is too long", { header: new Map([[99, new Uint8Array(128)]]) }, "too-long"],
    ["another payload field", { payload: new Map([[6, 0]]) }, "wrong-shape $: expected no field 6"],
    ["a short side", { payload: new Map([[1, new Uint8Array(31)]]) }, "out-of-range $.side: length not in 32..32"],
    ["a short signer", { payload: new Map([[3, new Uint8Array(31)]]) }, "out-of-range $.signer: length not in 32..96"],
    ["an Ed25519 signer of 33 bytes", { payload: new Map([[3, new Uint8Array(33)]]) }, "bad-signature $: the length"],
    ["a negative time", { payload: new Map([[4, -1]]) }, "out-of-range $.claimedAt"],
    [
      "17 heads",
      { payload: new Map([[2, Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i))]]) },
      "out-of-range $.heads: 17 items",
    ],
    [
      "unsorted heads",
      { payload: new Map([[2, [new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)]]]) },
      "not-canonical $.heads",
    ],
    ["a head twice", { payload: new Map([[2, [new Uint8Array(32), new Uint8Array(32)]]]) }, "not-canonical $.heads"],
  ] as [string, Parts, string][])("refuses %s", async (_, parts, words) => {
    expect(refusal(await forge(parts))).toContain(words);
  });

  test("a signature for one type, version or purpose is no signature for another", async () => {
    const { bytes } = await sign("close");
    const [header, , payload] = expectOk(decodeCbor(bytes, maxStatement)) as readonly Uint8Array[];
    for (const aad of ["", "photon/statement/close/2", "photon/statement/contest/1", "photon/statement/close"]) {
      const signature = await ana.sign(encodeCbor(["Signature1", header ?? [], utf8(aad), payload ?? []]));
      expect(refusal(encodeCbor([header ?? [], new Map(), payload ?? [], signature]))).toBe("bad-signature $.signature");
    }
    const other = await ana.sign(encodeCbor(["Signature", header ?? [], utf8("photon/statement/close/1"), payload ?? []]));
    expect(refusal(encodeCbor([header ?? [], new Map(), payload ?? [], other]))).toBe("bad-signature $.signature");
  });

  test("another's signature is refused", async () => {
    const ben = ed25519Signer(seedOf("Ben's phone"));
    await expect(signStatement(drafts.close, { ...ana, sign: ben.sign })).rejects.toThrow("bad-signature");
  });

  test("bytes verified before are decoded in full, but not verified again", async () => {
    const { bytes } = await sign("close");
    const changed = bytes.slice();
    changed[bytes.length - 1] = (changed[bytes.length - 1] ?? 0) ^ 1;
    expect(parseStatement(changed, "verified-before").ok).toBe(true);
    expect(parseStatement(Uint8Array.of(...bytes, 0), "verified-before").ok).toBe(false);
  });
});

describe("sets", () => {
  test("whatever order a draft has its sets in, the statement is the same", async () => {
    const { generation, retire, succeed, plan } = drafts;
    const reversed: readonly (readonly [Draft<StatementType>, Draft<StatementType>])[] = [
      [retire, { ...retire, heads: [...retire.heads.toReversed(), ...retire.heads] }],
      [generation, { ...generation, body: { ...generation.body, members: generation.body.members.toReversed() } }],
      [succeed, { ...succeed, heads: succeed.heads.toReversed() }],
      [
        plan,
        {
          ...plan,
          body: {
            ...plan.body,
            plan: {
              ...plan.body.plan,
              commitments: plan.body.plan.commitments.toReversed(),
              admissionKeys: plan.body.plan.admissionKeys.toReversed(),
            },
          },
        },
      ],
    ];
    for (const [one, other] of reversed) {
      expect((await signStatement(one, signerOf(one.type))).bytes).toEqual((await signStatement(other, signerOf(one.type))).bytes);
    }
  });
  test("two packages for one leaf cannot be admitted together", async () => {
    const [leaf] = drafts.admit.body.leaves;
    if (leaf === undefined) throw new Error("no leaf");
    const twice = { ...drafts.admit, body: { ...drafts.admit.body, leaves: [leaf, { ...leaf, lastResort: Uint8Array.of(1) }] } };
    await expect(signStatement(twice, ana)).rejects.toThrow("one key");
  });
  test("heads have at most 16 places", () => {
    const heads = Array.from({ length: 17 }, (_, i) => makeStatementId(new Uint8Array(32).fill(i)));
    expect(() => headsSchema.toCbor(heads)).toThrow("17 items");
  });
});

describe("what a newer Photon signed", () => {
  test.each([
    ["an unknown type", { type: "celebrate" }, "celebrate", 1],
    ["an unknown version of a known type", { version: 2 }, "close", 2],
    ["both", { type: "celebrate", version: 65535 }, "celebrate", 65535],
  ])("%s is verified and kept", async (_, parts, named, version) => {
    const bytes = await forge({
      ...parts,
      payload: new Map<number, Cbor>([[5, [1, [true, "new"], new Map([[9, Uint8Array.of(1)]])]]]),
    });
    const parsed = expectOk(parseStatement(bytes));
    expect(parsed).toMatchObject({ type: "unknown", named, version, side, signer: ana.publicKey, bytes });
  });
  test("it is refused with a bad signature, an unknown algorithm, or a body that is not canonical", async () => {
    const bytes = await forge({ type: "celebrate" });
    const changed = bytes.slice();
    changed[changed.length - 40] = (changed[changed.length - 40] ?? 0) ^ 1;
    expect(refusal(changed)).toBe("bad-signature $.signature");
    expect(refusal(await forge({ type: "celebrate", header: new Map([[1, -50]]) }))).toMatch(/^unknown-suite/u);
  });
  test("an unknown suite in a known body is refused by that reason", async () => {
    const { bytes } = await sign("found");
    const payload = (expectOk(decodeCbor(bytes, maxStatement)) as readonly Cbor[])[2] as Uint8Array;
    const body = (expectOk(decodeCbor(payload, maxStatement)) as CborMap).get(5) as CborMap;
    const other = new Map<number, Cbor>([...body, [1, 2]]);
    expect(refusal(await forge({ type: "found", payload: new Map([[5, other]]) }))).toMatch(/^unknown-suite \$\.body\.suite/u);
  });
});

describe("which algorithm signs what", () => {
  test("only a succession is signed with a recovery key", async () => {
    for (const type of types) {
      const wrong = type === "succeed" ? ana : recovery;
      await expect(signStatement(drafts[type] as Draft<StatementType>, wrong), type).rejects.toThrow("is not signed with");
    }
    expect(algorithms).toEqual({ ed25519: -19, bls12381: -65601 });
  });
  test("a succession names as its signer the key that it opens", async () => {
    const other = { ...recovery, publicKey: new Uint8Array(48).fill(1) };
    await expect(signStatement(drafts.succeed, other)).rejects.toThrow("not the public key that the succession opens");
  });
  test("a recovery key and its signature lie in the two groups of the curve, whichever way round", async () => {
    const of = (key: number, signature: number) => ({
      signer: { ...recovery, publicKey: new Uint8Array(key), sign: () => Promise.resolve(new Uint8Array(signature)) },
      draft: { ...drafts.succeed, body: { ...drafts.succeed.body, publicKey: new Uint8Array(key) } },
    });
    for (const [key, signature] of [
      [48, 96],
      [96, 48],
    ] as const) {
      // prettier-ignore
      const { draft, signer } = of(key, signature);
      expect((await signStatement(draft, signer)).algorithm).toBe("bls12381");
    }
    for (const [key, signature] of [
      [48, 48],
      [96, 96],
      [64, 96],
      [48, 64],
    ] as const) {
      // prettier-ignore
      const { draft, signer } = of(key, signature);
      await expect(signStatement(draft, signer)).rejects.toThrow("bad-signature");
    }
  });
  test("a host is named exactly when the class is host", async () => {
    const custody = { ...drafts.plan.body.custody, host: undefined };
    await expect(signStatement({ ...drafts.plan, body: { ...drafts.plan.body, custody } }, ana)).rejects.toThrow("exactly when");
    const device = { ...drafts.found.body.custody, host: "host.example" };
    await expect(signStatement({ ...drafts.found, body: { ...drafts.found.body, custody: device } }, ana)).rejects.toThrow(
      "exactly when",
    );
  });
});

describe("ids", () => {
  test("are made of exactly 32 bytes", () => {
    for (const make of [makeSideId, makeGroupId, makeLeafId, makeStatementId]) {
      expect(make(new Uint8Array(32))).toEqual(new Uint8Array(32));
      for (const length of [0, 31, 33]) expect(() => make(new Uint8Array(length))).toThrow(`has ${length} bytes, not 32`);
    }
  });
  test("as map keys are lower-case hex, so that their order is that of their bytes", () => {
    expect(idKey(Uint8Array.of(0x0a, 0xff))).toBe("0aff");
  });
});
