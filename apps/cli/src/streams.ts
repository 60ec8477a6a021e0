/** The process's streams, as the commands see them. */
import { setTimeout as wait } from "node:timers/promises";
import type { ReadStream as TerminalInput, WriteStream as TerminalOutput } from "node:tty";
import { asBytes, type Bytes } from "@photon/protocol/codec";
import type { Sink } from "./world.ts";

/** Columns assumed where there is no terminal. */
const plainColumns = 80;

/** Node's types hold a pipe or a file for a terminal too. */
type Output = Omit<TerminalOutput, "isTTY"> & { readonly isTTY?: boolean };

export const sinkOf = (stream: Output): Sink => ({
  isTTY: stream.isTTY === true,
  get columns() {
    return stream.columns > 0 ? stream.columns : plainColumns;
  },
  write: (data) => {
    stream.write(data);
  },
});

/** Resolves when everything written so far has left the process. */
export const written = (stream: TerminalOutput): Promise<void> =>
  new Promise((resolve) => {
    stream.write("", () => resolve());
  });

/** All of it, or undefined as soon as it is longer than `limit` bytes. */
export async function readAll(stream: TerminalInput, limit: number): Promise<Bytes | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > limit) return undefined;
    parts.push(part);
  }
  return asBytes(Buffer.concat(parts));
}

export async function pauseUnless(cancel: AbortSignal, milliseconds: number): Promise<void> {
  await wait(milliseconds, undefined, { signal: cancel }).catch((error: unknown) => {
    if (!cancel.aborted) throw error;
  });
}
