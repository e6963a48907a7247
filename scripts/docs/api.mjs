// The API reference, which `deno doc` makes of the doc comments: its first page, its way back, its names.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { entries } from "../entries.mjs";
import { escape } from "./markdown.mjs";

/** What a narrow screen needs of the pages of `deno doc`. */
export const mobileStyle = `
@media (max-width: 40rem) {
  #topnav { height: auto; }
  #topnav > div { flex-wrap: wrap; height: auto; gap: 0.25rem; }
  #topnav .breadcrumbs { flex-wrap: wrap; overflow-wrap: normal; font-size: 0.9rem; }
  #searchbar { width: 11rem; }
  .ddoc pre, .ddoc .table { overflow-x: auto; }
}
`;

/** The first page of the reference: every subpath, then the names of the first of them. */
export function apiPage(names) {
  const front = names.filter(({ module }) => module === ".");
  const list = front.map(({ title, kind, url, text }) =>
    `<tr><td><a href="${escape(url)}"><code>${escape(title)}</code></a></td><td>${kind}</td>` +
    `<td>${inline(text.split("\n\n")[0])}</td></tr>`
  );
  const rows = entries.map(({ subpath, specifier, source }) => {
    const address = subpath === "." ? "#millrace" : `api/${subpath.slice(2)}/index.html`;
    const code = `<code>${escape(specifier).replace("/", "/<wbr>")}</code>`;
    return `<tr><td><a href="${address}">${code}</a></td><td>${aboutOf(source)}</td></tr>`;
  });
  const body = `<h1 id="api-reference">API reference</h1>
<p>Every public name, from the doc comments of the source. <a href="api/all_symbols.html">All names
on one page</a>.</p>
<div class="table"><table><thead><tr><th>import from</th><th>what it has</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>
<h2 id="millrace"><code>millrace</code></h2>
<div class="table"><table><thead><tr><th>name</th><th>kind</th><th>what it is</th></tr></thead>
<tbody>${list.join("\n")}</tbody></table></div>`;
  return { title: "API reference", headings: [], body };
}

/** The comment of a module, as text with code. */
function aboutOf(source) {
  const [, comment = ""] = /\/\*\*([\s\S]*?)@module/.exec(readFileSync(source, "utf8")) ?? [];
  const [first = ""] = comment.replaceAll(/^ \* ?/gm, "").trim().split("\n\n");
  return inline(first);
}

function inline(text) {
  return escape(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

/** A page of `deno doc` with a way back to the documentation, and without its dead anchors. */
export function mendPage(html, file) {
  const home = posix.relative(posix.dirname(`api/${file}`), "reference.html");
  const link = `<a href="${home}" style="margin-right:1rem">← docs</a>`;
  return mendAnchors(html.replace('<ul class="breadcrumbs">', `${link}$&`));
}

/**
 * Deno 2.9 links to the first `rows()` of a class as `method_rows_0` but numbers its methods
 * throughout, and gives no anchor to an example or to the parameter of a type.
 */
function mendAnchors(html) {
  const numbers = new Map();
  const renamed = new Map();
  for (const [, id, name] of html.matchAll(/ id="((method_\w+)_\d+)"/g)) {
    const number = numbers.get(name) ?? 0;
    numbers.set(name, number + 1);
    renamed.set(id, `${name}_${number}`);
  }
  const parameters = html.includes('id="type-parameters"') ? 'href="#type-parameters"' : "";
  return html
    .replaceAll(
      /( id="|href="#)(method_\w+_\d+)(?=")/g,
      (all, before, id) => renamed.has(id) ? before + renamed.get(id) : all,
    )
    .replaceAll(/href="#example_\d+(?:-\d+)?"/g, 'href="#examples"')
    .replaceAll(
      /href="#(type_param_\w+)"/g,
      (all, id) => html.includes(` id="${id}"`) ? all : parameters,
    )
    .replaceAll("%3A", "_"); // The name of a file in which no system and no server is mistaken.
}

/** The names of the reference, for the search of the site. */
export function readApiNames(folder) {
  const script = readFileSync(join(folder, "search_index.js"), "utf8");
  const [, json] = /DENO_DOC_SEARCH_INDEX = (\{.*\})/.exec(script);
  const names = JSON.parse(json).nodes.filter(({ name }) => !name.includes("."));
  return names.map(({ name, file, url, doc = "", kind: [{ title: kind }] }) => ({
    ...{ title: name, kind, module: file },
    heading: file === "." ? kind : `${kind} of millrace/${file}`,
    url: posix.join("api", url.replaceAll("%3A", "_")),
    text: doc,
  }));
}
