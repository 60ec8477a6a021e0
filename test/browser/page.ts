/** Runs in the page: one test file at a time, with Vitest's runner, and reports in plain data. */
import { type File, startTests, type Task, type VitestRunner } from "@vitest/runner";
import { suites } from "virtual:suites";
import type { FileReport, PageSuite, TestReport } from "./report.ts";

const testTimeout = 120_000;

function runnerFor(file: string): VitestRunner {
  return {
    config: {
      root: "/",
      setupFiles: [],
      name: undefined,
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 1, hooks: "stack", setupFiles: "list" },
      chaiConfig: undefined,
      maxConcurrency: 5,
      testTimeout,
      hookTimeout: testTimeout,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    },
    importFile: async () => {
      const load = suites[file];
      if (load === undefined) throw new Error(`no such file: ${file}`);
      return load();
    },
  };
}

const wordsOf = (task: Task): readonly string[] =>
  (task.result?.errors ?? []).map(({ message, diff, stack }) =>
    [message, diff, stack].filter((part) => part !== undefined).join("\n"),
  );

function testsOf(tasks: readonly Task[], path: readonly string[]): readonly TestReport[] {
  return tasks.flatMap((task): readonly TestReport[] => {
    const name = [...path, task.name];
    const state = task.result?.state ?? task.mode;
    const own: TestReport = {
      name: name.join(" > "),
      state: state === "pass" ? "passed" : state === "skip" || state === "todo" ? "skipped" : "failed",
      errors: wordsOf(task),
      milliseconds: task.result?.duration ?? 0,
    };
    if (task.type === "test") return [own];
    // A group is reported itself where something outside its tests failed, such as a hook.
    return [...(own.errors.length > 0 ? [own] : []), ...testsOf(task.tasks, name)];
  });
}

async function run(file: string): Promise<FileReport> {
  const [report]: readonly (File | undefined)[] = await startTests([{ filepath: file }], runnerFor(file));
  if (report === undefined) throw new Error(`the runner returned nothing for ${file}`);
  return { file, errors: wordsOf(report), tests: testsOf(report.tasks, []) };
}

const page: PageSuite = { run };
Object.assign(globalThis, { photonSuite: page });
