/** What vaults, and files from anywhere, feed to decoders of `archive`. */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, decode, encode, ok, utf8 } from "@photon/protocol/codec";
import {
  type Change,
  contactsFromJsContact,
  contactsFromVcard,
  contactsToJsContact,
  contactsToVcard,
  manifestSchema,
  noHead,
  openManifest,
  openSegment,
  openWithPassphrase,
  padmeLength,
  parseExport,
  parseHead,
  relationshipsToJson,
  sealHead,
  sealSegment,
  segmentSchema,
  signHeadPut,
  unwrapEpochKeys,
  vaultRequestSchema,
  vaultResponseSchema,
  verifyHeadPut,
} from "@photon/protocol/archive";
import { readKeyOf } from "@photon/protocol/queue";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";

const fill = (length: number, value = 1): Bytes => new Uint8Array(length).fill(value);
const key = fill(32, 2);
const nonce = fill(24, 3);
const keys = new Map([
  [0, fill(32, 9)],
  [1, key],
]);
const changes: Change[] = [
  { key: "petname/1", hlc: { wall: 5, counter: 0, node: fill(8) }, value: utf8("Ben") },
  { key: "petname/2", hlc: { wall: 6, counter: 1, node: fill(8) } },
];
const segment = { epoch: 1, sequence: 3, previous: key, changes };
const manifest = {
  segments: [{ hash: key, epoch: 1 }],
  changes: 2,
  createdAt: 20_000,
  openers: [{ kind: "device", name: "phone" }],
} as const;
const head = sealHead(key, { epoch: 1, wraps: key, manifest }, nonce);
const contacts = [{ petname: "Ben; \\", note: "line\nline", verified: { how: "in-person", at: 5 } }] as const;
const relationships = [
  {
    petname: "Ben",
    state: "active",
    custody: "device",
    history: [],
    messages: [{ id: "0".repeat(32), from: "me", kind: "text", sent: 1, body: "Hello" }],
  },
] as const;
const headPut = signHeadPut(key, {
  register: fill(16),
  seq: 1,
  previous: noHead,
  body: head,
  writeKey: readKeyOf(key),
  keeps: [key],
});
const epochs = Uint8Array.from([0xa2, 1, 1, 2, 0x81, 0xa2, 1, 0, 2, 0x58, 32, ...fill(32)]);
/** An age file's beginning: enough to reach the check of its work factor and fail after it, at next to no cost. */
const passphraseFile = concat(
  utf8(`age-encryption.org/v1\n-> scrypt ${"A".repeat(22)} 2\n${"A".repeat(43)}\n--- ${"A".repeat(43)}\n`),
  fill(40),
);

/** A segment whose seal fits, around any plain bytes: what a device of the circle can make. */
function sealAnything(plain: Bytes): Bytes {
  const label = utf8("photon/archive/segment/1");
  const padded = new Uint8Array(padmeLength(plain.length + 41) - 41);
  padded.set(plain);
  const cipher = xchacha20poly1305(hkdf(sha512, key, nonce, label, 32), nonce, concat(label, Uint8Array.of(1)));
  return concat(Uint8Array.of(1), nonce, cipher.encrypt(padded));
}
const prefixed = (inner: Bytes): Bytes => concat(Uint8Array.of(0, 0, inner.length >> 8, inner.length & 255), inner);

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "openSegment: bytes from a vault",
    valid: [sealSegment(key, segment, nonce).bytes],
    run: (input) => expectOutcome(openSegment(keys, input)),
  },
  {
    name: "openSegment: plain bytes from a device",
    valid: [prefixed(encode(segmentSchema, segment))],
    run: (input) => expectOutcome(openSegment(keys, sealAnything(input))),
  },
  {
    name: "parseHead and openManifest",
    valid: [head],
    run: (input) => {
      const parsed = parseHead(input);
      expectOutcome(parsed);
      if (parsed.ok) expectOutcome(openManifest(key, parsed.value));
    },
  },
  {
    name: "the manifest",
    valid: [encode(manifestSchema, manifest)],
    run: (input) => expectOutcome(decode(manifestSchema, input, 16_384)),
  },
  {
    name: "unwrapEpochKeys: plain bytes",
    valid: [epochs],
    run: async (input) => expectOutcome(await unwrapEpochKeys(input, async () => ok(input))),
  },
  {
    name: "openWithPassphrase",
    valid: [passphraseFile],
    run: async (input) => expectOutcome(await openWithPassphrase(cheap(input), "p", 10_000)),
  },
  { name: "contactsFromVcard", valid: [utf8(contactsToVcard(contacts))], run: (input) => expectOutcome(contactsFromVcard(input)) },
  {
    name: "contactsFromJsContact",
    valid: [utf8(contactsToJsContact(contacts))],
    run: (input) => expectOutcome(contactsFromJsContact(input)),
  },
  {
    name: "parseExport",
    valid: [utf8(relationshipsToJson(relationships)), utf8(contactsToVcard(contacts)), utf8(contactsToJsContact(contacts))],
    run: (input) => expectOutcome(parseExport(input)),
  },
  {
    name: "vault requests",
    valid: [
      encode(vaultRequestSchema, { kind: "headPut", value: headPut }),
      encode(vaultRequestSchema, { kind: "blobPut", value: { register: fill(16), body: fill(90), signature: fill(64) } }),
      encode(vaultRequestSchema, { kind: "headGet", value: { register: fill(16), seq: 4 } }),
      encode(vaultRequestSchema, { kind: "headList", value: { register: fill(16) } }),
    ],
    run: (input) => {
      const request = decode(vaultRequestSchema, input, 100_000);
      expectOutcome(request);
      if (request.ok && request.value.kind === "headPut") verifyHeadPut(request.value.value);
    },
  },
  {
    name: "vault responses",
    valid: [
      encode(vaultResponseSchema, { kind: "head", value: headPut }),
      encode(vaultResponseSchema, { kind: "blob", value: { body: fill(50) } }),
      encode(vaultResponseSchema, { kind: "heads", value: { newest: 9, kept: [{ from: 3, to: 8, left: 45 }] } }),
      encode(vaultResponseSchema, { kind: "refused", value: { code: "quota-exceeded", detail: "full" } }),
    ],
    run: (input) => expectOutcome(decode(vaultResponseSchema, input, 100_000)),
  },
];

/** A mutation may ask for scrypt's dearest allowed work; what is tested here is the parsing. */
function cheap(input: Bytes): Bytes {
  const text = new TextDecoder("latin1").decode(input).replace(/^(age-encryption\.org\/v1\n-> scrypt \S+) [1-9]\d\n/u, "$1 3\n");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
