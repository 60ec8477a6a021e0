/** The servers of a profile: whether they answer, whether they are Photon's, and what time they think it is. */
import { plural } from "../output/time.ts";
import { shown } from "../output/shown.ts";
import { fine, type Finding, problem, warning } from "./finding.ts";

/** The version of the servers' interface that this program speaks. */
const api = 1;
/** Milliseconds. */
const patience = 4_000;
const clockTolerance = 5 * 60_000;
/** Bytes of an answer that are looked at. */
const maxAnswer = 65_536;

export type Fetch = (url: string, init: { readonly signal: AbortSignal; readonly redirect: "error" }) => Promise<Response>;

/** @param role "relay" or "vault". */
export async function examineServer(
  origin: string,
  role: "relay" | "vault",
  now: () => number,
  fetcher: Fetch,
): Promise<Finding[]> {
  const address = shown(origin, { limit: 200 });
  let response: Response;
  let text: string;
  try {
    response = await fetcher(`${origin}/v1/info`, { signal: AbortSignal.timeout(patience), redirect: "error" });
    text = (await response.text()).slice(0, maxAnswer);
  } catch (error) {
    return [
      problem(
        role,
        `The ${role} at ${address} does not answer (${reason(error)}).`,
        "Check the network, and that the server runs. Nothing is lost: what is to be sent waits here.",
      ),
    ];
  }
  const info = infoOf(text);
  if (!response.ok || info === undefined) {
    return [
      problem(
        role,
        `What answers at ${address} is no Photon server (status ${response.status}).`,
        "Check the address and its port; ask whoever runs the server.",
      ),
    ];
  }
  const clock = response.headers.get("date");
  return [serverFinding(info, role, address), ...(clock === null ? [] : clockFinding(Date.parse(clock), now()))];
}

function serverFinding(info: Info, role: "relay" | "vault", address: string): Finding {
  if (!info.api.includes(api))
    return problem(
      role,
      `The ${role} at ${address} speaks another version of Photon (${info.api.join(", ")}; this is ${api}).`,
      "Update Photon here, or ask the operator to.",
    );
  if (!info.roles.includes(role))
    return problem(role, `The server at ${address} is no ${role}.`, `Ask its operator, or use another ${role}.`);
  return fine(role, `The ${role} at ${address} answers.`);
}

function clockFinding(theirs: number, ours: number): Finding[] {
  if (Number.isNaN(theirs)) return [];
  const apart = Math.abs(theirs - ours);
  if (apart <= clockTolerance) return [fine("clock", "This device's clock agrees with the server's.")];
  const [amount, unit] =
    apart < 7_200_000
      ? [apart / 60_000, "minute"]
      : apart < 172_800_000
        ? [apart / 3_600_000, "hour"]
        : [apart / 86_400_000, "day"];
  const words = `This device's clock and the server's are ${plural(Math.round(amount), unit)} apart.`;
  return [
    apart > 86_400_000
      ? problem("clock", words, "Set the date and time of this device.")
      : warning("clock", words, "Set the date and time of this device."),
  ];
}

interface Info {
  readonly api: readonly unknown[];
  readonly roles: readonly unknown[];
}

function infoOf(text: string): Info | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("name" in value) || value.name !== "photon") return undefined;
    if (!("api" in value) || !Array.isArray(value.api) || !("roles" in value) || !Array.isArray(value.roles)) return undefined;
    return { api: value.api, roles: value.roles };
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && "code" in cause) return shown(String(cause.code), { limit: 60 });
  return cause instanceof Error && cause.name === "TimeoutError"
    ? "no answer in time"
    : shown(cause instanceof Error ? cause.message : String(cause), { limit: 120 });
}
