/** Signed statements: spec/02-statements.md. */
import {
  type Bytes,
  type Cbor,
  compareBytes,
  concat,
  decodeCbor,
  encodeCbor,
  expectOk,
  ok,
  toHex,
  utf8,
} from "@photon/protocol/codec";
import {
  bodySchemas,
  type Draft,
  isStatementType,
  maxStatement,
  parseStatement,
  signStatement,
  type Statement,
  type StatementType,
} from "@photon/protocol/statement";
import { ana, drafts, head, leaf, recovery, side } from "./statement-drafts.ts";
import { bytesOf, edited, type Fields, type InvalidCase, spoiled, toJson, type Topic, type ValidCase, wrong } from "../support.ts";

const types = Object.keys(bodySchemas).filter(isStatementType);
const sign = (type: StatementType): Promise<Statement> =>
  signStatement((drafts[type][0]?.[1] ?? drafts.close[0]?.[1]) as Draft<StatementType>, type === "succeed" ? recovery : ana);

function shown(statement: Statement): Fields {
  const { id, side: of, heads, signer, claimedAt: when, algorithm, type, version } = statement;
  const common = { id, side: of, heads, signer, claimedAt: when, algorithm, type, version };
  return toJson(type === "unknown" ? { ...common, named: statement.named } : { ...common, body: statement.body }) as Fields;
}

const aadOf = (type: string, version: number): Bytes => utf8(`photon/statement/${type}/${version}`);
/** Signed by Ana over the parts given, whatever they are. */
async function forged(type: string, version: number, header: Bytes, payload: Bytes, label = "Signature1"): Promise<Bytes> {
  return encodeCbor([header, new Map(), payload, await ana.sign(encodeCbor([label, header, aadOf(type, version), payload]))]);
}
const headerOf = (type: string, version = 1, algorithm: Cbor = -19): Bytes =>
  encodeCbor(new Map<number, Cbor>([[1, algorithm], [16, type], [-65537, version]])); // prettier-ignore
const payloadOf = (bytes: Uint8Array): Bytes =>
  concat((expectOk(decodeCbor(bytes, maxStatement)) as readonly Uint8Array[])[2] ?? new Uint8Array());

async function invalid(): Promise<InvalidCase[]> {
  const { bytes } = await sign("close");
  const payload = payloadOf(bytes);
  const header = headerOf("close");
  const out = spoiled("statement", bytes);
  const add = (name: string, forgery: Uint8Array, error: string): void => void out.push(wrong("statement", name, forgery, error));
  const flipped = (at: number): Bytes => bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));
  add("a changed signature", flipped(-1), "bad-signature");
  add("a changed side", flipped(bytes.indexOf(side[0] ?? 0) + 5), "bad-signature");
  add("an unprotected header", edited(bytes, [1], new Map([[4, Uint8Array.of(1)]])), "wrong-shape");
  add("three parts", edited(bytes, [3], undefined), "wrong-shape");
  add("a text for a payload", edited(bytes, [2], "payload"), "wrong-shape");
  add("signed for another version", await forged("close", 2, header, payload), "bad-signature");
  add("signed for another type", await forged("contest", 1, header, payload), "bad-signature");
  add("signed as a COSE_Sign", await forged("close", 1, header, payload, "Signature"), "bad-signature");
  add("EdDSA (−8)", await forged("close", 1, headerOf("close", 1, -8), payload), "unknown-suite");
  add("an unknown algorithm for an unknown type", await forged("novel", 1, headerOf("novel", 1, -48), payload), "unknown-suite");
  add("signed with a recovery key's label", await forged("close", 1, headerOf("close", 1, -65601), payload), "wrong-shape");
  add("version 0", await forged("close", 0, headerOf("close", 0), payload), "out-of-range");
  add("a type name with capitals", await forged("Close", 1, headerOf("Close"), payload), "wrong-shape");
  add("a type name of 33 characters", await forged("a".repeat(33), 1, headerOf("a".repeat(33)), payload), "out-of-range");
  add("another header parameter", await forged("close", 1, edited(header, [4], Uint8Array.of(1)), payload), "wrong-shape");
  add(
    "a header that is not canonical",
    await forged("close", 1, concat(Uint8Array.of(0xb8, 3), header.subarray(1)), payload),
    "not-canonical",
  );
  add(
    "a payload that is not canonical",
    await forged("close", 1, header, concat(Uint8Array.of(0xb8, 5), payload.subarray(1))),
    "not-canonical",
  );
  add("a byte after the payload", await forged("close", 1, header, concat(payload, Uint8Array.of(0))), "malformed");
  const order = [head("a"), head("b")].toSorted((a, b) => compareBytes(b, a));
  const parts: readonly (readonly [string, number[], Cbor | undefined, string])[] = [
    ["an unknown field", [6], 0, "wrong-shape"],
    ["no side", [1], undefined, "wrong-shape"],
    ["a side of 31 bytes", [1], new Uint8Array(31), "out-of-range"],
    ["unsorted heads", [2], order, "not-canonical"],
    ["a head twice", [2], [head("a"), head("a")], "not-canonical"],
    ["17 heads", [2], Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i)), "out-of-range"],
    ["a signer of 33 bytes", [3], new Uint8Array(33), "bad-signature"],
    ["a signer of small order", [3], Uint8Array.of(1, ...new Uint8Array(31)), "bad-signature"],
    ["a time before 1970", [4], -1, "out-of-range"],
    ["no body", [5], undefined, "wrong-shape"],
    ["a reason that does not exist", [5, 1], 9, "wrong-shape"],
    ["an unknown field in the body", [5, 2], 0, "wrong-shape"],
  ];
  for (const [name, path, part, error] of parts) add(name, await forged("close", 1, header, edited(payload, path, part)), error);
  const bodies: readonly (readonly [StatementType, string, number[], Cbor | undefined, string])[] = [
    ["found", "an unknown suite", [1], 2, "unknown-suite"],
    ["found", "a key package of 8,193 bytes", [2, 2], new Uint8Array(8193), "out-of-range"],
    ["found", "a relay's name of 257 characters", [3, 1], "r".repeat(257), "out-of-range"],
    ["found", "a host named for a device", [4, 6], "host.example", "wrong-shape"],
    ["found", "a host without a name", [4, 1], 1, "wrong-shape"],
    ["found", "five admission keys", [5, 3], Array.from({ length: 5 }, (_, i) => new Uint8Array(32).fill(i)), "out-of-range"],
    ["admit", "no leaves", [1], [], "out-of-range"],
    ["admit", "leaves out of order", [1], leavesReversed(), "not-canonical"],
    ["retire", "eleven leaves", [1], Array.from({ length: 11 }, (_, i) => new Uint8Array(32).fill(i)), "out-of-range"],
    ["retire", "an unknown reason", [2], 3, "wrong-shape"],
    ["plan", "a threshold twice", [2, 2], [0, 0].map((threshold) => new Map<number, Cbor>([[1, threshold], [2, new Uint8Array(32)]])), "not-canonical"], // prettier-ignore
    ["move", "a short seal key", [1, 4], new Uint8Array(31), "out-of-range"],
    ["contest", "an unknown field", [4], 0, "wrong-shape"],
    ["generation", "number 0", [2], 0, "out-of-range"],
    ["generation", "members out of order", [5], membersReversed(), "not-canonical"],
    ["generation", "no members", [5], [], "out-of-range"],
  ];
  for (const [type, name, path, part, error] of bodies) {
    const original = payloadOf((await sign(type)).bytes);
    add(`${type} with ${name}`, await forged(type, 1, headerOf(type), edited(original, [5, ...path], part)), error);
  }
  for (const type of types) {
    const original = payloadOf((await sign(type)).bytes);
    add(
      `${type} without its first field`,
      await forged(type, 1, headerOf(type), edited(original, [5, 1], undefined)),
      "wrong-shape",
    );
  }
  const succeed = await sign("succeed");
  add(
    "succeed signed by another key than it opens",
    edited(succeed.bytes, [2], edited(payloadOf(succeed.bytes), [3], new Uint8Array(48))),
    "wrong-shape",
  );
  add("succeed with a signature of 64 bytes", edited(succeed.bytes, [3], new Uint8Array(64)), "bad-signature");
  add("succeed signed with Ed25519", await forged("succeed", 1, headerOf("succeed"), payloadOf(succeed.bytes)), "wrong-shape");
  add("more than 98,304 bytes", encodeCbor([header, new Map(), new Uint8Array(maxStatement), new Uint8Array(64)]), "too-long");
  return out;
}
const leavesReversed = (): Cbor =>
  [leaf("Ana's laptop"), leaf("Ana's tablet")]
    .toSorted((a, b) => compareBytes(b.id, a.id))
    .map(({ id, lastResort }) => new Map<number, Cbor>([[1, id], [2, lastResort]])); // prettier-ignore
const membersReversed = (): Cbor => [leaf("Ana's phone").id, leaf("Ben's phone").id].toSorted((a, b) => compareBytes(b, a));

async function valid(): Promise<ValidCase[]> {
  const cases: ValidCase[] = [];
  for (const type of types) {
    for (const [name, draft] of drafts[type]) {
      const statement = await signStatement(draft as Draft<StatementType>, type === "succeed" ? recovery : ana);
      cases.push({
        name: `${type}: ${name}`,
        type: "statement",
        input: { bytes: toHex(statement.bytes) },
        output: shown(statement),
      });
    }
  }
  const payload = payloadOf((await sign("close")).bytes);
  const newer: readonly (readonly [string, string, number, Bytes])[] = [
    ["an unknown type", "celebrate", 1, payload],
    ["a newer version of a known type", "close", 2, edited(payload, [5], ["anything", new Map([[1, true]])])],
  ];
  for (const [name, type, version, content] of newer) {
    const bytes = await forged(type, version, headerOf(type, version), content);
    cases.push({ name, type: "statement", input: { bytes: toHex(bytes) }, output: shown(expectOk(parseStatement(bytes))) });
  }
  return cases;
}

export const statement: Topic = {
  name: "statement",
  about:
    "A COSE_Sign1 statement: its id, what it says, and that its Ed25519 signature is good. That a BLS12-381 signature is good is " +
    'decided elsewhere: here it is carried. The seed of each Ed25519 key is SHA-256 of "photon vectors seed of <name> 0".',
  types: {
    statement: (input) => {
      const parsed = parseStatement(bytesOf(input, "bytes"));
      return parsed.ok ? ok(shown(parsed.value)) : parsed;
    },
  },
  valid,
  invalid,
};
