/** User units of systemd: a timer that syncs, or a service that watches. See systemd.service(5), systemd.syntax(7). */
import type { ServicePlan } from "./plan.ts";

/** An argument in a unit file: quoted, with the characters escaped that systemd expands. */
export function unitQuote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("\n", "\\n");
  return `"${escaped}"`;
}

/** As `unitQuote`, for command lines, where "$" is expanded too. */
const commandQuote = (text: string): string => unitQuote(text).replaceAll("$", "$$$$");

export function systemdUnits(plan: ServicePlan): Readonly<Record<string, string>> {
  const { name, self, home, mode, minutes } = plan;
  const command = [...self, ...(mode === "watch" ? ["watch"] : ["sync"]), "--no-input", "--quiet"].map(commandQuote).join(" ");
  const service = [
    "[Unit]",
    `Description=Photon: ${mode === "watch" ? "stay connected" : "fetch and send what waits"}`,
    "Documentation=man:photon(1)",
    "",
    "[Service]",
    `Type=${mode === "watch" ? "exec" : "oneshot"}`,
    `ExecStart=${command}`,
    `Environment=${unitQuote(`PHOTON_HOME=${home}`)}`,
    // 3: something waits; 11: another command has the profile; 130: it was asked to stop. The next run goes on with it.
    "SuccessExitStatus=3 11 130",
    ...(mode === "watch" ? ["Restart=on-failure", "RestartSec=30"] : ["TimeoutStartSec=10min"]),
    "UMask=0077",
    "NoNewPrivileges=true",
    "",
    ...(mode === "watch" ? ["[Install]", "WantedBy=default.target", ""] : []),
  ].join("\n");
  if (mode === "watch") return { [`${name}.service`]: service };
  const timer = [
    "[Unit]",
    "Description=Photon: sync regularly",
    "",
    "[Timer]",
    "OnStartupSec=1min",
    `OnUnitInactiveSec=${minutes}min`,
    // Not on the minute: a relay should not see all its people at once.
    "RandomizedDelaySec=60",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
  return { [`${name}.service`]: service, [`${name}.timer`]: timer };
}
