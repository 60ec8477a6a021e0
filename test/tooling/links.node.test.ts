import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((path) => ending.test(path) && !/(?:^|\/)(?:node_modules|dist)\//u.test(path))
    .map((path) => `${folder}/${path}`);
const read = (path: string): string => readFileSync(root + path, "utf8");
const pages = [...filesBelow("spec", /\.md$/u), ...filesBelow("docs", /\.md$/u)];
const top = readdirSync(root).filter((name) => name.endsWith(".md"));

test("every page of spec/ and docs/ that a source names exists", () => {
  const sources = ["packages", "apps", "scripts", "vectors"].flatMap((folder) => filesBelow(folder, /\.(?:ts|mjs|js)$/u));
  const missing = sources.flatMap((path) =>
    [...read(path).matchAll(/\b(?:spec|docs)\/[a-z0-9/-]+\.md\b/gu)]
      .filter(([page]) => !pages.includes(page))
      .map(([page]) => `${path} names ${page}`),
  );
  expect(missing).toEqual([]);
});

test("every relative link between pages leads somewhere", () => {
  const missing = [...pages, ...top].flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/gu)]
      .map(([, link = ""]) => link)
      .filter((link) => {
        const target = new URL(link, `file:///${path}`).pathname.slice(1).replace(/\/$/u, "");
        return !exists(target);
      })
      .map((link) => `${path} links to ${link}`),
  );
  expect(missing).toEqual([]);
});

test("the index of spec/ lists every page, in order", () => {
  const listed = [...read("spec/README.md").matchAll(/\]\((\d\d-[a-z-]+\.md)\)/gu)].map(([, name = ""]) => `spec/${name}`);
  expect(listed).toEqual(pages.filter((path) => /^spec\/\d/u.test(path)).toSorted());
});

function exists(path: string): boolean {
  const slash = path.lastIndexOf("/");
  return readdirSync(root + path.slice(0, Math.max(0, slash))).includes(path.slice(slash + 1));
}
