export * from "./bytes.ts";
export * from "./cbor.ts";
export * from "./error.ts";
export * from "./hlc.ts";
export * from "./result.ts";
export * from "./schema.ts";
