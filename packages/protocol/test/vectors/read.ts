import { readdirSync, readFileSync } from "node:fs";
import { type Bytes, fromHex } from "@photon/protocol/codec";
import type { ValidCase, VectorFile } from "../../../../vectors/support.ts";

const folder = new URL("../../../../vectors/", import.meta.url);
/** Paths below `vectors/`. */
export const vectorFiles = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".json"));
export const vectorText = (path: string): string => readFileSync(new URL(path, folder), "utf8");
/** The encodings of all valid vectors of one type. */
export function vectorBytes(topic: string, type: string): Bytes[] {
  const { cases } = JSON.parse(vectorText(`${topic}/valid.json`)) as VectorFile<ValidCase>;
  return cases.flatMap((one) => {
    const text = one.input["bytes"];
    const bytes = one.type === type && typeof text === "string" ? fromHex(text) : undefined;
    return bytes === undefined ? [] : [bytes];
  });
}
