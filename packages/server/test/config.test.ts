import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, describeConfig, parseConfig } from "@photon/server";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./people.ts";

const file = (content: string): string => {
  const path = join(temporaryFolder(), "photon.json");
  writeFileSync(path, content);
  return path;
};

describe("configuration", () => {
  test("without any source it is the default: both roles, on loopback", () => {
    expect(parseConfig()).toEqual({ ok: true, value: defaultConfig });
    expect(defaultConfig.roles).toEqual(["relay", "vault"]);
    expect(defaultConfig.listen.host).toBe("127.0.0.1");
  });

  test("the file is overruled by the environment, and that by flags", () => {
    const parsed = parseConfig({
      file: file(`{"relay": {"retentionDays": 7, "queueEntries": 5}, "listen": {"port": 1}}`),
      env: { PHOTON_SERVE_RELAY_RETENTION_DAYS: "8", PHOTON_SERVE_ROLES: "relay", PATH: "/bin", PHOTON_HOME: "/nowhere" },
      flags: { "relay.retentionDays": "9", "listen.port": undefined },
    });
    expect(parsed).toMatchObject({
      ok: true,
      value: { relay: { retentionDays: 9, queueEntries: 5 }, roles: ["relay"], listen: { port: 1 } },
    });
  });

  test.each([
    [{ file: "/nowhere/photon.json" }, "file"],
    [{ env: { PHOTON_SERVE_RELAY_RETENTION_DAY: "1" } }, "PHOTON_SERVE_RELAY_RETENTION_DAY"],
    [{ flags: { "relay.colour": "blue" } }, "relay.colour"],
    [{ flags: { "relay.retentionDays": "soon" } }, "relay.retentionDays"],
    [{ flags: { "relay.retentionDays": "0" } }, "relay.retentionDays"],
    [{ flags: { "listen.port": "99999" } }, "listen.port"],
    [{ flags: { trustProxy: "perhaps" } }, "trustProxy"],
    [{ flags: { roles: "relay,oracle" } }, "roles.1"],
    [{ flags: { "relay.create": "token" } }, "relay.createTokens"],
    [{ flags: { "vault.graceDays": "44" } }, "vault.graceDays"],
  ])("is refused with the name of the bad key: %j", (sources, key) => {
    expect(parseConfig(sources)).toMatchObject({ ok: false, error: { code: "bad-config", key } });
  });

  test.each([
    ["{", "file"],
    ["[]", "file"],
    [`{"relay": {"retention": 3}}`, "relay.retention"],
    [`{"relay": 3}`, "relay"],
    [`{"__proto__": {"a": 1}, "metrics": {"token": 5}}`, "metrics.token"],
  ])("a file is refused with the name of the bad key: %s", (content, key) => {
    expect(parseConfig({ file: file(content) })).toMatchObject({ ok: false, error: { code: "bad-config", key } });
  });

  test("every setting can be set by its variable, and the description hides secrets", () => {
    const secret = "correct horse battery";
    const parsed = parseConfig({
      env: {
        PHOTON_SERVE_METRICS_TOKEN: secret,
        PHOTON_SERVE_RELAY_CREATE_TOKENS: `${secret},other`,
        PHOTON_SERVE_RELAY_CREATE: "token",
      },
    });
    if (!parsed.ok) throw new Error(parsed.error.key);
    expect(parsed.value.relay.createTokens).toEqual([secret, "other"]);
    const described = describeConfig(parsed.value);
    expect(described).not.toContain(secret);
    expect(described).not.toContain("other");
    expect(JSON.parse(described)).toMatchObject({
      metrics: { token: "<hidden>" },
      relay: { createTokens: ["<hidden>", "<hidden>"] },
    });
  });
});
