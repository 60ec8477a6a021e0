import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes } from "./bytes.ts";

/** SHA-256 (FIPS 180-4): ids of statements, addresses of blobs, whatever is compared by its hash. 32 bytes. */
export const sha256 = (bytes: Uint8Array): Bytes => asBytes(nobleSha256(bytes));
