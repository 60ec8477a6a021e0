/** Sealing once more, keys of a queue, and proofs of requests: spec/05-queue.md. */
import { asBytes, type Bytes, expectOk, ok, toHex, utf8 } from "@photon/protocol/codec";
import {
  appendMac,
  maxInner,
  openDeposit,
  readKeyOf,
  rotationKeys,
  sealDeposit,
  signDelete,
  signMove,
  signRead,
  signRotate,
  signTrim,
} from "@photon/protocol/queue";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  bytesListOf,
  bytesOf,
  type Fields,
  fixed,
  type InvalidCase,
  numberOf,
  toJson,
  type Topic,
  type ValidCase,
} from "../support.ts";

const key = fixed("seal key", 32);
const nonce = fixed("deposit nonce", 24);
const open = (body: Uint8Array, keys: readonly Bytes[] = [key]): Fields => ({
  sealKeys: keys.map((one) => toHex(one)),
  body: toHex(body),
});
const readSeed = fixed("read seed", 32);

const lengths: readonly (readonly [string, number])[] = [
  ["nothing", 0],
  ["the most that fits 1 KiB", 1024 - 44],
  ["the least that needs 4 KiB", 1024 - 43],
  ["the most that fits 4 KiB", 4096 - 44],
];

function valid(): ValidCase[] {
  const deposits = lengths.map(([name, length]): ValidCase => {
    const inner = fixed("inner", length);
    return {
      name: `deposit: ${name}`,
      type: "open",
      input: open(expectOk(sealDeposit(key, inner, nonce))),
      output: { inner: toHex(inner) },
    };
  });
  const second = open(expectOk(sealDeposit(key, utf8("by the older key"), nonce)), [fixed("newer key", 32), key]);
  const root = fixed("queue root", 32);
  const computed: readonly (readonly [string, string, Fields])[] = [
    ["seal: the bytes that are stored", "seal", { sealKey: toHex(key), nonce: toHex(nonce), inner: toHex(utf8("Hello")) }],
    ["rotation 0", "rotation", { root: toHex(root), rotation: 0 }],
    ["rotation 4294967295", "rotation", { root: toHex(root), rotation: 4294967295 }],
    ["the key that reads are signed with", "read-key", { readSeed: toHex(readSeed) }],
    [
      "the MAC of an append",
      "append-mac",
      {
        writeKey: toHex(fixed("write key", 32)),
        sendId: toHex(fixed("send id", 16)),
        appendId: toHex(fixed("append id", 16)),
        body: toHex(fixed("body", 1024)),
      },
    ],
    [
      "the signature of a read",
      "read-signature",
      { readSeed: toHex(readSeed), receiveId: toHex(fixed("receive id", 16)), after: 7, limit: 100 },
    ],
    [
      "the signature of a rotation",
      "rotate-signature",
      {
        readSeed: toHex(readSeed),
        receiveId: toHex(fixed("receive id", 16)),
        version: 1,
        readKey: toHex(readKeyOf(fixed("next read seed", 32))),
        writeKeys: [toHex(fixed("write key 1", 32)), toHex(fixed("write key 0", 32))],
      },
    ],
    [
      "the signature of a move",
      "move-signature",
      { readSeed: toHex(readSeed), receiveId: toHex(fixed("receive id", 16)), bundle: toHex(fixed("bundle", 100)) },
    ],
    ["the signature of a deletion", "delete-signature", { readSeed: toHex(readSeed), receiveId: toHex(fixed("receive id", 16)) }],
    [
      "the signature of a trim",
      "trim-signature",
      { ownerSeed: toHex(fixed("admin seed", 32)), receiveId: toHex(fixed("receive id", 16)), upTo: 300 },
    ],
  ];
  return [
    ...deposits,
    { name: "deposit: by the second of two keys", type: "open", input: second, output: { inner: toHex(utf8("by the older key")) } },
    ...computed.map(([name, type, input]): ValidCase => {
      const result = functions[type]?.(input);
      if (result === undefined) throw new Error(`no ${type}`);
      return { name, type, input, output: toJson(result) };
    }),
  ];
}

const functions: Readonly<Record<string, (input: Fields) => unknown>> = {
  seal: (input) => ({ body: expectOk(sealDeposit(bytesOf(input, "sealKey"), bytesOf(input, "inner"), bytesOf(input, "nonce"))) }),
  rotation: (input) => ({ ...rotationKeys(bytesOf(input, "root"), numberOf(input, "rotation")) }),
  "read-key": (input) => ({ readKey: readKeyOf(bytesOf(input, "readSeed")) }),
  "append-mac": (input) => ({
    mac: appendMac(bytesOf(input, "writeKey"), {
      sendId: bytesOf(input, "sendId"),
      appendId: bytesOf(input, "appendId"),
      body: bytesOf(input, "body"),
    }),
  }),
  "read-signature": (input) => ({
    signature: signRead(bytesOf(input, "readSeed"), {
      receiveId: bytesOf(input, "receiveId"),
      after: numberOf(input, "after"),
      limit: numberOf(input, "limit"),
    }).signature,
  }),
  "rotate-signature": (input) => ({
    signature: signRotate(bytesOf(input, "readSeed"), {
      receiveId: bytesOf(input, "receiveId"),
      version: numberOf(input, "version"),
      readKey: bytesOf(input, "readKey"),
      writeKeys: bytesListOf(input, "writeKeys"),
    }).signature,
  }),
  "move-signature": (input) => ({
    signature: signMove(bytesOf(input, "readSeed"), { receiveId: bytesOf(input, "receiveId"), bundle: bytesOf(input, "bundle") })
      .signature,
  }),
  "trim-signature": (input) => ({
    signature: signTrim(bytesOf(input, "ownerSeed"), {
      receiveId: bytesOf(input, "receiveId"),
      upTo: numberOf(input, "upTo"),
    }).signature,
  }),
  "delete-signature": (input) => ({
    signature: signDelete(bytesOf(input, "readSeed"), { receiveId: bytesOf(input, "receiveId") }).signature,
  }),
};

/** A body whose seal is good and whose plaintext is as given. */
const sealedPlain = (edit: (plain: Uint8Array) => void): Bytes => {
  const plain = new Uint8Array(1024 - 40);
  edit(plain);
  return asBytes(Uint8Array.of(...nonce, ...xchacha20poly1305(key, nonce, utf8("photon/deposit/1")).encrypt(plain)));
};

function invalid(): InvalidCase[] {
  const body = expectOk(sealDeposit(key, utf8("Hello"), nonce));
  const flip = (at: number): Bytes => asBytes(body.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  const otherLabel = asBytes(
    Uint8Array.of(...nonce, ...xchacha20poly1305(key, nonce, utf8("photon/offer/1")).encrypt(new Uint8Array(1024 - 40))),
  );
  const cases: readonly (readonly [string, Fields, string])[] = [
    ["nothing", open(new Uint8Array()), "out-of-range"],
    ["a byte less than a bucket", open(body.subarray(1)), "out-of-range"],
    ["no bucket: 2,048 bytes", open(new Uint8Array(2048)), "out-of-range"],
    ["another key", open(body, [fixed("another key", 32)]), "cannot-open"],
    ["no key", open(body, []), "cannot-open"],
    ["a changed nonce", open(flip(0)), "cannot-open"],
    ["a changed byte", open(flip(500)), "cannot-open"],
    ["a changed tag", open(flip(1023)), "cannot-open"],
    ["sealed for another use", open(otherLabel), "cannot-open"],
    ["a length past the end", open(sealedPlain((plain) => plain.set([0, 0, 3, 0xd5]))), "out-of-range"],
    ["padding that is not zero", open(sealedPlain((plain) => plain.set([1], 983))), "not-canonical"],
  ];
  return [
    ...cases.map(([name, input, error]): InvalidCase => ({ name, type: "open", input, error })),
    {
      name: "more than fits 64 KiB",
      type: "seal",
      input: { sealKey: toHex(key), nonce: toHex(nonce), inner: toHex(new Uint8Array(maxInner + 1)) },
      error: "too-long",
    },
  ];
}

export const deposit: Topic = {
  name: "deposit",
  about: "Bodies as a relay stores them; the keys of a queue's rotations; the MACs and signatures of relay requests.",
  types: {
    ...Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, (input: Fields) => ok(toJson(run(input)))])),
    open: (input) => {
      const inner = openDeposit(bytesListOf(input, "sealKeys"), bytesOf(input, "body"));
      return inner.ok ? ok(toJson({ inner: inner.value })) : inner;
    },
    seal: (input) => {
      const body = sealDeposit(bytesOf(input, "sealKey"), bytesOf(input, "inner"), bytesOf(input, "nonce"));
      return body.ok ? ok(toJson({ body: body.value })) : body;
    },
  },
  valid,
  invalid,
};
