/** Milliseconds as JSON output gives them: ISO 8601, UTC. A time that no calendar holds is given as the nearest that one does. */
export const instant = (milliseconds: number): string => new Date(clamp(milliseconds)).toISOString();

const clamp = (milliseconds: number): number =>
  Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), 253_402_300_799_000) : 0;

const two = (part: number): string => String(part).padStart(2, "0");

/** Local date and minute, such as "2025-03-14 09:26", or the hour alone if it is today. */
export function localTime(milliseconds: number, now: number): string {
  const at = new Date(clamp(milliseconds));
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === new Date(now).toDateString() ? clock : `${localDate(milliseconds)} ${clock}`;
}

/** Local date, such as "2025-03-14". */
export function localDate(milliseconds: number): string {
  const at = new Date(clamp(milliseconds));
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** "just now", "5 minutes ago", "3 days ago". */
export function ago(milliseconds: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - milliseconds) / 1000));
  if (seconds < 60) return "just now";
  const [amount, unit] =
    seconds < 3_600 ? [seconds / 60, "minute"] : seconds < 86_400 ? [seconds / 3_600, "hour"] : [seconds / 86_400, "day"];
  return `${plural(Math.floor(amount), unit)} ago`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
