/** Questions on a terminal, on standard error so that standard output stays data. */
import type { Ask } from "./world.ts";

/** Loads the prompt library only when something is asked. */
export function terminalAsk(cancel: AbortSignal): Ask {
  const common = { output: process.stderr, signal: cancel };
  return {
    text: async (question, suggestion) => {
      const { isCancel, text } = await import("@clack/prompts");
      const offered = suggestion === "" ? {} : { placeholder: suggestion, defaultValue: suggestion };
      const answer = await text({ message: question, ...offered, ...common });
      return isCancel(answer) ? undefined : answer;
    },
    secret: async (question) => {
      const { isCancel, password } = await import("@clack/prompts");
      const answer = await password({ message: question, ...common });
      return isCancel(answer) ? undefined : answer;
    },
    choose: async (question, choices) => {
      const { isCancel, select } = await import("@clack/prompts");
      const answer = await select({
        message: question,
        options: choices.map(({ value, label, hint }) => ({ value, label, hint })),
        ...common,
      });
      return isCancel(answer) ? undefined : answer;
    },
  };
}
