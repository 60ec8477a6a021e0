/** One line on a terminal that says how far long work is. Shows nothing for work that ends within half a second. */
import type { Sink } from "./world.ts";

export interface Progress {
  /** @param done 0 to 1, or undefined if nobody knows. */
  at(done: number | undefined, label?: string): void;
  /** Removes the line. May be called again. */
  end(): void;
}

const patience = 500;
const barWidth = 24;

export const silent: Progress = { at: () => undefined, end: () => undefined };

export function progressOn(sink: Sink, label: string, wanted: boolean): Progress {
  if (!wanted) return silent;
  let state: { done: number | undefined; label: string } = { done: undefined, label };
  let drawn = false;
  let ended = false;
  const draw = (): void => {
    drawn = true;
    sink.write(`\r\u001B[2K${lineOf(state.done, state.label, sink.columns)}`);
  };
  const timer = setTimeout(draw, patience);
  timer.unref();
  return {
    at: (done, newLabel = state.label) => {
      state = { done, label: newLabel };
      if (drawn && !ended) draw();
    },
    end: () => {
      clearTimeout(timer);
      if (drawn && !ended) sink.write("\r\u001B[2K");
      ended = true;
    },
  };
}

export function lineOf(done: number | undefined, label: string, columns: number): string {
  if (done === undefined) return label.slice(0, Math.max(10, columns - 1));
  const part = Math.min(1, Math.max(0, done));
  const filled = Math.round(part * barWidth);
  const bar = `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${String(Math.round(part * 100)).padStart(3)} %`;
  return `${label} ${bar}`.slice(0, Math.max(10, columns - 1));
}
