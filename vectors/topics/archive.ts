/** Segments, heads and the proofs of vault requests: spec/07-archive.md. */
import { asBytes, type Bytes, expectOk, ok, type Result, toHex, utf8 } from "@photon/protocol/codec";
import {
  blobPutInput,
  epochAt,
  headHash,
  headPutInput,
  type Manifest,
  noHead,
  openManifest,
  openSegment,
  padmeLength,
  parseHead,
  sealHead,
  sealSegment,
  type Segment,
  signBlobPut,
  signHeadPut,
  unveilIdentity,
  veilIdentity,
} from "@photon/protocol/archive";
import { bytesOf, type Fields, fixed, type InvalidCase, numberOf, toJson, type Topic, type ValidCase } from "../support.ts";

type Function = (input: Fields) => Result<unknown, { readonly code: string }>;
const epochKey = fixed("epoch key", 32);
const nonce = fixed("segment nonce", 24);
const seed = fixed("register seed", 32);
const hlc = { wall: 1_790_000_000_000, counter: 0, node: fixed("node", 8) };
const segment: Segment = {
  epoch: 2,
  sequence: 7,
  previous: fixed("previous segment", 32),
  changes: [
    { key: "petname/ben", hlc, value: utf8("Ben") },
    { key: "petname/chi", hlc: { ...hlc, counter: 1 } },
  ],
};
const manifest: Manifest = {
  segments: [{ hash: fixed("segment", 32), epoch: 2 }],
  changes: 2,
  createdAt: 20_717,
  openers: [
    { kind: "device", name: "phone" },
    { kind: "passphrase", name: "passphrase" },
  ],
};
const withTrustees: Manifest = {
  ...manifest,
  openers: [...manifest.openers, { kind: "trustees", name: "plan 1" }],
};
const withAuthority: Manifest = {
  segments: [
    { hash: fixed("segment", 32), epoch: 2 },
    { hash: fixed("authority segment", 32), epoch: 65_540, compartment: "authority" },
  ],
  changes: 2,
  createdAt: 20_717,
  openers: [
    { kind: "device", name: "phone" },
    { kind: "escrow", name: "realms", authority: true },
    { kind: "shares", name: "safe", authority: true },
  ],
  relationships: 3,
  authority: { wraps: fixed("authority wraps", 32), changes: 1, epoch: 65_540 },
};
const sealed = sealSegment(epochKey, segment, nonce);
const head = sealHead(epochKey, { epoch: 2, wraps: fixed("wraps", 32), manifest }, fixed("head nonce", 24));
const trusteesHead = sealHead(
  epochKey,
  { epoch: 2, wraps: fixed("wraps", 32), manifest: withTrustees },
  fixed("trustees head nonce", 24),
);

const authorityHead = sealHead(
  epochKey,
  { epoch: 2, wraps: fixed("wraps", 32), manifest: withAuthority },
  fixed("authority head nonce", 24),
);

const circleEpoch = { epoch: 131_077, key: fixed("circle epoch key", 32), writeSeed: fixed("circle write seed", 32) };

const functions: Readonly<Record<string, Function>> = {
  "open-segment": (input) =>
    openSegment(
      new Map([[numberOf(input, "epoch"), bytesOf(input, "epochKey")]]),
      bytesOf(input, "blob"),
      "hash" in input ? bytesOf(input, "hash") : undefined,
    ),
  "open-head": (input) => {
    const parsed = parseHead(bytesOf(input, "body"));
    if (!parsed.ok) return parsed;
    const opened = openManifest(bytesOf(input, "epochKey"), parsed.value);
    return opened.ok ? ok({ head: { ...parsed.value }, manifest: opened.value }) : opened;
  },
  "epoch-at-vault": (input) =>
    ok(
      epochAt(bytesOf(input, "register"), {
        epoch: numberOf(input, "epoch"),
        key: bytesOf(input, "key"),
        writeSeed: bytesOf(input, "writeSeed"),
      }),
    ),
  "unveil-identity": (input) => {
    const opened = unveilIdentity(bytesOf(input, "veil"), bytesOf(input, "register"), bytesOf(input, "blob"));
    return opened.ok ? ok({ sealedIdentity: opened.value }) : opened;
  },
  "padded-length": (input) => ok({ padded: padmeLength(numberOf(input, "length")) }),
  "blob-signature": (input) => {
    const fields = { register: bytesOf(input, "register"), body: bytesOf(input, "body") };
    return ok({ signed: blobPutInput(fields), signature: signBlobPut(bytesOf(input, "seed"), fields).signature });
  },
  "head-signature": (input) => {
    const fields = {
      register: bytesOf(input, "register"),
      seq: numberOf(input, "seq"),
      previous: bytesOf(input, "previous"),
      body: bytesOf(input, "body"),
      writeKey: bytesOf(input, "writeKey"),
      keeps: [],
    };
    const signed = signHeadPut(bytesOf(input, "seed"), fields);
    return ok({ signed: headPutInput(fields), signature: signed.signature, hash: headHash(signed) });
  },
};
const segmentInput = (blob: Uint8Array): Fields => ({ epoch: 2, epochKey: toHex(epochKey), blob: toHex(blob) });
const headInput = (body: Uint8Array): Fields => ({ epochKey: toHex(epochKey), body: toHex(body) });
const epochInput = (register: Uint8Array): Fields => ({
  register: toHex(register),
  epoch: circleEpoch.epoch,
  key: toHex(circleEpoch.key),
  writeSeed: toHex(circleEpoch.writeSeed),
});
const [registerA, registerB] = [fixed("register", 16), fixed("another register", 16)];
const veiled = veilIdentity(fixed("veil", 32), registerA, fixed("sealed identity", 300));
const veilInput = (register: Uint8Array, blob: Uint8Array): Fields => ({
  veil: toHex(fixed("veil", 32)),
  register: toHex(register),
  blob: toHex(blob),
});
const flip = (bytes: Uint8Array, at: number): Bytes => asBytes(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));

function valid(): ValidCase[] {
  const say = (type: string, name: string, input: Fields): ValidCase => {
    const result = functions[type]?.(input);
    if (result === undefined) throw new Error(`no ${type}`);
    return { name, type, input, output: toJson(expectOk(result)) };
  };
  return [
    say("open-segment", "a segment", segmentInput(sealed.bytes)),
    say("open-segment", "a segment, asked for by its hash", { ...segmentInput(sealed.bytes), hash: toHex(sealed.hash) }),
    say(
      "open-segment",
      "an empty first segment",
      segmentInput(sealSegment(epochKey, { epoch: 2, sequence: 0, changes: [] }, nonce).bytes),
    ),
    say("open-head", "a head", headInput(head)),
    say("open-head", "a head that the trustees of a plan open too", headInput(trusteesHead)),
    say("open-head", "a head with both compartments", headInput(authorityHead)),
    say("epoch-at-vault", "an epoch at one vault", epochInput(registerA)),
    say("epoch-at-vault", "the same epoch at another", epochInput(registerB)),
    say("unveil-identity", "a passphrase opener's identity, as one vault keeps it", veilInput(registerA, veiled)),
    ...[0, 1024, 1025, 4096, 5000, 65536, 100_000, 1_000_000].map((length) =>
      say("padded-length", `padding of ${length} bytes`, { length }),
    ),
    say("blob-signature", "the signature of a blob", {
      seed: toHex(seed),
      register: toHex(fixed("register", 16)),
      body: toHex(fixed("blob", 100)),
    }),
    say("head-signature", "the signature and hash of a head", {
      seed: toHex(seed),
      register: toHex(fixed("register", 16)),
      seq: 1,
      previous: toHex(noHead),
      body: toHex(head),
      writeKey: toHex(fixed("register key", 32)),
    }),
  ];
}

function invalid(): InvalidCase[] {
  const cases: readonly (readonly [string, string, Fields, string])[] = [
    ["open-segment", "nothing", segmentInput(new Uint8Array()), "unknown-suite"],
    ["open-segment", "an unknown suite", segmentInput(flip(sealed.bytes, 0)), "unknown-suite"],
    ["open-segment", "cut short", segmentInput(sealed.bytes.subarray(0, 30)), "malformed"],
    ["open-segment", "a changed nonce", segmentInput(flip(sealed.bytes, 3)), "cannot-open"],
    ["open-segment", "a changed byte", segmentInput(flip(sealed.bytes, 300)), "cannot-open"],
    ["open-segment", "another key", { ...segmentInput(sealed.bytes), epochKey: toHex(fixed("another key", 32)) }, "cannot-open"],
    [
      "open-segment",
      "other bytes than the hash names",
      { ...segmentInput(sealed.bytes), hash: toHex(fixed("another hash", 32)) },
      "cannot-open",
    ],
    ["open-segment", "sealed under the key of another epoch", { ...segmentInput(sealed.bytes), epoch: 3 }, "wrong-shape"],
    ["unveil-identity", "as another vault keeps it", veilInput(registerB, veiled), "cannot-open"],
    ["unveil-identity", "a changed byte", veilInput(registerA, flip(veiled, 5)), "cannot-open"],
    ["unveil-identity", "nothing", veilInput(registerA, new Uint8Array()), "cannot-open"],
    ["open-head", "nothing", headInput(new Uint8Array()), "malformed"],
    ["open-head", "a changed tag", headInput(flip(head, head.length - 1)), "cannot-open"],
    ["open-head", "another key", { ...headInput(head), epochKey: toHex(fixed("another key", 32)) }, "cannot-open"],
  ];
  return cases.map(([type, name, input, error]) => ({ name: `${type}: ${name}`, type, input, error }));
}

export const archive: Topic = {
  name: "archive",
  about: "Segments and heads of an archive, Padmé lengths, and the proofs of vault requests.",
  types: Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [
      name,
      (input: Fields) => {
        const result = run(input);
        return result.ok ? ok(toJson(result.value)) : result;
      },
    ]),
  ),
  valid,
  invalid,
};
