export interface TestReport {
  /** Its groups and its own title, joined by " > ". */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly errors: readonly string[];
  readonly milliseconds: number;
}

export interface FileReport {
  /** Path from the root of the checkout. */
  readonly file: string;
  /** Why the file could not be loaded; empty if it could. */
  readonly errors: readonly string[];
  readonly tests: readonly TestReport[];
}

/** What the page offers to the process that drives it, as the global `photonSuite`. */
export interface PageSuite {
  readonly run: (file: string) => Promise<FileReport>;
}
