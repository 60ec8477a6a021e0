import { describe, expect, test } from "vitest";
import { type Bytes, expectOk, utf8 } from "@photon/protocol/codec";
import {
  buckets,
  type Content,
  decodeBody,
  decodeContent,
  decodeText,
  encodeBody,
  encodeContent,
  encodeEnvelope,
  encodeText,
  isKnownKind,
  maxContent,
  maxContentBody,
  maxInner,
} from "@photon/protocol/queue";
import { makeLeafId, makeStatementId } from "@photon/protocol/statement";

const id: Bytes = new Uint8Array(16).fill(3);
const node: Bytes = new Uint8Array(8).fill(4);
const content = (kind: string, body: Bytes): Content => ({ id, sent: { wall: 1_800_000_000_000, counter: 2, node }, kind, body });

describe("a message's content", () => {
  test("comes back as it was, with and without a reply", () => {
    for (const one of [content("text", utf8("Hello, Ben")), { ...content("text", utf8("Yes")), replyTo: id }]) {
      expect(expectOk(decodeContent(encodeContent(one)))).toEqual(one);
    }
  });

  test("of an unknown kind passes through, bytes unchanged", () => {
    const one = content("hologram", Uint8Array.of(0, 255, 254));
    expect(expectOk(decodeContent(encodeContent(one)))).toEqual(one);
    expect(isKnownKind("hologram")).toBe(false);
    expect(isKnownKind("ack")).toBe(true);
    expect(isKnownKind("trustee-approval")).toBe(true);
  });

  test("of the longest body fits one bucket, with the session's and the envelope's own bytes", () => {
    const longest = encodeContent({
      ...content("k".repeat(32), new Uint8Array(maxContentBody)),
      sent: { wall: 2 ** 48 - 1, counter: 0xffffff, node },
      replyTo: id,
    });
    expect(longest.length).toBeLessThanOrEqual(maxContent);
    const mlsFraming = 512;
    const message = new Uint8Array(longest.length + mlsFraming);
    const envelope = encodeEnvelope({ kind: "message", value: { generation: makeStatementId(new Uint8Array(32)), message } });
    expect(envelope.length).toBeLessThanOrEqual(maxInner);
    expect(buckets.at(-1)).toBe(65536);
  });

  test("text is UTF-8 of at most 32,000 bytes, exactly as sent", () => {
    const words = "\ufeffZoë 👋 \u202e\u0007 line\r\nline";
    expect(expectOk(decodeText(expectOk(encodeText(words))))).toBe(words);
    expect(expectOk(encodeText("é".repeat(16_000))).length).toBe(32_000);
    expect(encodeText("é".repeat(16_001))).toMatchObject({ ok: false, error: { code: "too-long" } });
    expect(decodeText(new Uint8Array(32_001))).toMatchObject({ ok: false, error: { code: "too-long" } });
    expect(decodeText(Uint8Array.of(0xc3))).toMatchObject({ ok: false, error: { code: "malformed" } });
    expect(encodeText("\ud800")).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  test("bodies of the fixed kinds come back, and are bounded", () => {
    const many = Array.from({ length: 1024 }, () => id);
    expect(expectOk(decodeBody("ack", encodeBody("ack", many)))).toEqual(many);
    expect(() => encodeBody("ack", [...many, id])).toThrow();
    expect(decodeBody("ack", encodeBody("confirm", { invitation: id }))).toMatchObject({ ok: false });
    const keyPackage = {
      leaf: makeLeafId(new Uint8Array(32)),
      package: utf8("package"),
      generation: makeStatementId(new Uint8Array(32)),
    };
    expect(expectOk(decodeBody("key-package", encodeBody("key-package", keyPackage)))).toEqual(keyPackage);
    const changes = [{ key: "petname/1", hlc: { wall: 1, counter: 0, node }, value: utf8("Ben") }];
    expect(expectOk(decodeBody("change", encodeBody("change", changes)))).toEqual(changes);
    expect(() =>
      encodeBody("change", [{ ...changes[0], key: "k", hlc: { wall: 1, counter: 0, node }, value: new Uint8Array(61_440) }]),
    ).toThrow();
    expect(expectOk(decodeBody("receipt", encodeBody("receipt", [id])))).toEqual([id]);
  });
});
