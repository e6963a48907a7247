// The navigation of all pages, read from docs/README.md: its headings are the groups.
import { readFileSync } from "node:fs";
import { marked } from "marked";
import { fileOf } from "./pages.mjs";

const index = "docs/README.md";

/** The groups with their pages, each page once, in the order of the index. */
export function navigation() {
  const groups = [{ title: "", links: [{ title: "Overview", file: "README.md" }] }];
  const named = new Set(["README.md"]);
  for (const token of marked.lexer(readFileSync(index, "utf8"))) {
    if (token.type === "heading" && token.depth > 1) groups.push({ title: token.text, links: [] });
    for (const { text, file } of linksOf(token).filter(({ file }) => !named.has(file))) {
      named.add(file);
      groups.at(-1).links.push({ title: text, file });
    }
  }
  const reference = groups.find(({ title }) => title === "Reference") ?? groups.at(-1);
  reference.links.unshift({ title: "API reference", file: "reference" });
  return groups.filter(({ links }) => links.length > 0);
}

/** The links to whole pages in a token; one to a heading is a task, and no entry. */
function linksOf(token) {
  const found = [];
  marked.walkTokens([token], (inner) => {
    if (inner.type !== "link" || inner.href.includes("#")) return;
    const file = fileOf(index, inner.href);
    if (file?.endsWith(".md")) found.push({ text: inner.text, file });
  });
  return found;
}
