/** A launch agent of macOS; see launchd.plist(5). */
import type { ServicePlan } from "./plan.ts";

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export function launchAgent({ name, self, home, mode, minutes }: ServicePlan): Readonly<Record<string, string>> {
  const words = [...self, mode === "watch" ? "watch" : "sync", "--no-input", "--quiet"];
  const when =
    mode === "watch"
      ? ["  <key>KeepAlive</key>", "  <true/>"]
      : ["  <key>StartInterval</key>", `  <integer>${minutes * 60}</integer>`, "  <key>RunAtLoad</key>", "  <true/>"];
  const plist = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    "  <key>Label</key>",
    `  <string>${xml(name)}</string>`,
    "  <key>ProgramArguments</key>",
    "  <array>",
    ...words.map((word) => `    <string>${xml(word)}</string>`),
    "  </array>",
    "  <key>EnvironmentVariables</key>",
    "  <dict>",
    "    <key>PHOTON_HOME</key>",
    `    <string>${xml(home)}</string>`,
    "  </dict>",
    ...when,
    "  <key>Umask</key>",
    "  <integer>63</integer>",
    "</dict>",
    "</plist>",
    "",
  ].join("\n");
  return { [`${name}.plist`]: plist };
}
