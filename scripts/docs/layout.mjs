// The frame around every page: its head, the bar, the navigation and the list of its sections.
import { readFileSync } from "node:fs";
import { escape } from "./markdown.mjs";
import { addressOf, relativeTo } from "./pages.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** A whole page. */
export function layout({ file, groups, title, body, headings }) {
  const address = file === "reference" ? "reference.html" : addressOf(file);
  const to = (other) => escape(relativeTo(address, other));
  const name = file === "README.md" ? "millrace" : `${title} · millrace`;
  return `<!doctype html>
<html lang="en" data-root="${to("index.html").replace(/index\.html$/, "")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(name)}</title>
<link rel="icon" href="${to("assets/icon.svg")}">
<link rel="stylesheet" href="${to("assets/style.css")}">
<script src="${to("assets/theme.js")}"></script>
<script type="module" src="${to("assets/search.js")}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<button id="menu" aria-expanded="false" aria-controls="navigation" aria-label="Pages">☰</button>
<a class="brand" href="${to("index.html")}">millrace <small>${version}</small></a>
<div class="search" role="search"><input id="search" type="search" placeholder="Search ( / )"
 aria-label="Search" autocomplete="off"><ol id="found" hidden></ol></div>
<button id="theme" aria-label="Light or dark">◐</button>
</header>
<div class="columns">
<nav id="navigation" aria-label="Pages">${navigationOf(groups, file, to)}</nav>
<main id="content">${body}</main>
${contentsOf(headings)}
</div>
</body>
</html>
`;
}

function navigationOf(groups, file, to) {
  return groups.map(({ title, links }) => {
    const items = links.map((link) => {
      const address = link.file === "reference" ? "reference.html" : addressOf(link.file);
      const isCurrent = link.file === file ||
        link.file === "examples/README.md" && file.startsWith("examples/");
      const current = isCurrent ? ' aria-current="page"' : "";
      return `<li><a href="${to(address)}"${current}>${
        escape(link.title.replaceAll("`", ""))
      }</a></li>`;
    });
    return `${title ? `<h2>${escape(title)}</h2>` : ""}<ul>${items.join("")}</ul>`;
  }).join("\n");
}

function contentsOf(headings) {
  const inside = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (inside.length < 2) return "";
  const items = inside.map(({ id, depth, text }) =>
    `<li class="depth-${depth}"><a href="#${id}">${escape(text)}</a></li>`
  );
  return `<aside aria-label="On this page"><h2>On this page</h2><ul>${items.join("")}</ul></aside>`;
}
