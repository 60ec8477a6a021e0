/**
 * The encoder of the CBOR subset that `cbor.ts` names (RFC 8949 §4.2.1). It is on the way of every message several times,
 * which is why it is our own (decision 0013).
 */
import { type Bytes, ownBytes } from "./bytes.ts";
import { byEncoding, type Cbor, type CborMap } from "./cbor.ts";

interface Writer {
  bytes: Bytes;
  at: number;
}

/** Values are written here and copied out; one at a time, since encoding neither waits nor calls back. */
const writer: Writer = { bytes: new Uint8Array(4096), at: 0 };
const text = new TextEncoder();

/** Throws for a number that is no integer within ±(2^53−1): there is no such value in any type of ours. */
export function encodeCbor(value: Cbor): Bytes {
  writer.at = 0;
  try {
    writeItem(value);
    return ownBytes(writer.bytes.subarray(0, writer.at));
  } finally {
    // What was encoded may be secret.
    writer.bytes.fill(0, 0, writer.at);
  }
}

function room(length: number): void {
  const needed = writer.at + length;
  if (needed <= writer.bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, 2 * writer.bytes.length));
  larger.set(writer.bytes.subarray(0, writer.at));
  writer.bytes.fill(0, 0, writer.at);
  writer.bytes = larger;
}

function writeItem(value: Cbor): void {
  if (typeof value === "number") writeInteger(value);
  else if (typeof value === "string") writeText(value);
  else if (typeof value === "boolean") {
    room(1);
    writer.bytes[writer.at++] = value ? 0xf5 : 0xf4;
  } else if (value instanceof Uint8Array) writeBytes(value);
  else if (value instanceof Map) writeMap(value);
  else writeArray(value as readonly Cbor[]);
}

function writeInteger(value: number): void {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no integer that is encoded`);
  if (value < 0) writeHead(1, -1 - value);
  else writeHead(0, value);
}

function writeHead(major: number, count: number): void {
  room(9);
  const { bytes } = writer;
  const first = major << 5;
  if (count < 24) {
    bytes[writer.at++] = first | count;
  } else if (count < 0x1_00) {
    bytes[writer.at++] = first | 24;
    bytes[writer.at++] = count;
  } else if (count < 0x1_0000) {
    bytes[writer.at++] = first | 25;
    writeBigEndian(count, 2);
  } else if (count < 0x1_0000_0000) {
    bytes[writer.at++] = first | 26;
    writeBigEndian(count, 4);
  } else {
    bytes[writer.at++] = first | 27;
    writeBigEndian(count, 8);
  }
}

/** Numbers may be larger than what shifts hold. */
function writeBigEndian(count: number, size: number): void {
  let left = count;
  for (let place = writer.at + size - 1; place >= writer.at; place--) {
    writer.bytes[place] = left % 256;
    left = Math.floor(left / 256);
  }
  writer.at += size;
}

function writeBytes(value: Uint8Array): void {
  writeHead(2, value.length);
  room(value.length);
  writer.bytes.set(value, writer.at);
  writer.at += value.length;
}

function writeText(value: string): void {
  const encoded = text.encode(value);
  writeHead(3, encoded.length);
  room(encoded.length);
  writer.bytes.set(encoded, writer.at);
  writer.at += encoded.length;
}

function writeArray(items: readonly Cbor[]): void {
  writeHead(4, items.length);
  for (const item of items) writeItem(item);
}

function writeMap(map: CborMap): void {
  writeHead(5, map.size);
  let previous = 0;
  let inOrder = true;
  for (const key of map.keys()) {
    // Most maps are built in the order of their keys, which are unsigned.
    if (key < previous) inOrder = false;
    previous = key;
  }
  if (inOrder) map.forEach(writeEntry);
  else for (const [key, value] of [...map].toSorted(([a], [b]) => byEncoding(a, b))) writeEntry(value, key);
}

function writeEntry(value: Cbor, key: number): void {
  writeInteger(key);
  writeItem(value);
}
