import { describe, expect, test } from "vitest";
import { isLoopback, parseOrigin, shortOrigin } from "@photon/protocol/meeting";

describe("a relay's origin", () => {
  test("is https, or http on this machine", () => {
    expect(parseOrigin("relay.example")).toBe("https://relay.example");
    expect(parseOrigin("Relay.Example:443")).toBe("https://relay.example");
    expect(parseOrigin("localhost:4000")).toBe("http://localhost:4000");
    expect(parseOrigin("127.0.0.1:4000")).toBe("http://127.0.0.1:4000");
    expect(parseOrigin("[::1]:4000")).toBe("http://[::1]:4000");
    expect(parseOrigin("https://localhost:4000/")).toBe("https://localhost:4000");
    expect(parseOrigin("http://localhost")).toBe("http://localhost");
    for (const far of ["http://relay.example", "http://127.0.0.1.example", "http://localhost.example", "http://128.0.0.1"]) {
      expect(parseOrigin(far)).toBeUndefined();
    }
  });

  test("has no path, user, query or other scheme", () => {
    for (const wrong of [
      "",
      "https://",
      "https://a/b",
      "a/b",
      "https://me@a.example",
      "https://a.example?x",
      "https://a.example#x",
      "ftp://a.example",
      "javascript:alert(1)",
      "a b",
      "https://a\\b",
      "x".repeat(300),
    ]) {
      expect({ wrong, is: parseOrigin(wrong) }).toEqual({ wrong, is: undefined });
    }
  });

  test("is written short where that reads back as the same", () => {
    for (const origin of [
      "https://relay.example",
      "https://relay.example:8443",
      "http://localhost:1",
      "https://localhost:1",
      "http://[::1]",
      "https://[::1]",
    ]) {
      expect(parseOrigin(shortOrigin(origin))).toBe(origin);
    }
    expect(shortOrigin("http://localhost:4000")).toBe("localhost:4000");
    expect(shortOrigin("https://localhost:4000")).toBe("https://localhost:4000");
  });

  test("on this machine means loopback names and addresses only", () => {
    expect(["localhost", "a.localhost", "127.9.9.9", "[::1]"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["local", "notlocalhost", "10.0.0.1", "[::2]", "0.0.0.0"].map(isLoopback)).toEqual([false, false, false, false, false]);
  });
});
