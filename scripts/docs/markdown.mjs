// Markdown and code as HTML, with the anchors that GitHub gives and links within the site.
import { readFileSync } from "node:fs";
import hljs from "highlight.js/lib/common";
import { Marked } from "marked";
import { addressOf, fileOf, relativeTo } from "./pages.mjs";

const badges = "https://img.shields.io/"; // The site asks no other host for anything.

/** Text as it stands in HTML. */
export function escape(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]);
}

/** A page of Markdown: its HTML, headings, the files it links to, and its sections to search. */
export function renderPage(file) {
  const source = readFileSync(file, "utf8");
  const page = { file, headings: [], linked: [], slugs: new Map() };
  const marked = new Marked({ gfm: true, renderer: rendererOf(page) });
  const tokens = marked.lexer(source);
  const body = marked.parser(tokens);
  const title = page.headings[0]?.text ?? file;
  return { body, title, ...page, sections: sectionsOf(page, tokens, title) };
}

/** A page that shows a file of code. */
export function codePage(file) {
  const title = file;
  const code = highlighted(readFileSync(file, "utf8"), file.split(".").at(-1));
  return { title, headings: [], linked: [], sections: [], body: `<h1>${file}</h1>${code}` };
}

function rendererOf(page) {
  return {
    heading({ tokens, depth, text }) {
      const id = slugOf(page, text);
      const inner = this.parser.parseInline(tokens);
      page.headings.push({ id, depth, text: plain(text), inner });
      const link = `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
      return `<h${depth} id="${id}">${inner}${depth > 1 ? ` ${link}` : ""}</h${depth}>\n`;
    },
    code({ text, lang = "" }) {
      return highlighted(text, lang.split(" ")[0]);
    },
    link({ href, title, tokens }) {
      const hint = title ? ` title="${escape(title)}"` : "";
      const inner = this.parser.parseInline(tokens);
      return `<a href="${escape(addressFrom(page, href))}"${hint}>${inner}</a>`;
    },
    image({ href, text }) {
      if (href.startsWith(badges)) return "";
      return `<img src="${escape(addressFrom(page, href))}" alt="${escape(text)}">`;
    },
    table(token) {
      const cells = (row, tag) =>
        row.map(({ tokens, align }) => {
          const style = align ? ` style="text-align:${align}"` : "";
          return `<${tag}${style}>${this.parser.parseInline(tokens)}</${tag}>`;
        }).join("");
      const rows = token.rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
      const isBare = token.header.every(({ text }) => text === "");
      const head = isBare ? "" : `<thead><tr>${cells(token.header, "th")}</tr></thead>`;
      return `<div class="table" tabindex="0"><table>${head}<tbody>${rows}</tbody></table></div>\n`;
    },
  };
}

function addressFrom(page, href) {
  const file = fileOf(page.file, href);
  if (file === undefined) return href;
  if (file !== page.file) page.linked.push(file);
  const [, anchor] = href.split("#");
  if (file === page.file && anchor) return `#${anchor}`;
  return relativeTo(addressOf(page.file), addressOf(file)) + (anchor ? `#${anchor}` : "");
}

/** The words of a heading or a text, without the signs of Markdown. */
function plain(text) {
  return text.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]|^#+ /gm, "");
}

/** The anchor of a heading, as GitHub makes it: the second of the same words ends in `-1`. */
function slugOf({ slugs }, text) {
  const words = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
  const count = slugs.get(slug) ?? 0;
  slugs.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

function highlighted(text, language) {
  const isKnown = hljs.getLanguage(language) !== undefined;
  const code = isKnown ? hljs.highlight(text, { language }).value : escape(text);
  return `<pre tabindex="0"><code>${code}</code></pre>\n`;
}

/** What the search finds: each heading of a page with the text below it. */
function sectionsOf({ file, headings }, tokens, title) {
  const sections = [];
  let next = 0;
  for (const token of tokens) {
    if (token.type === "heading") {
      const { id, text, depth } = headings[next++];
      const url = addressOf(file) + (depth === 1 ? "" : `#${id}`);
      sections.push({ title, heading: depth === 1 ? "" : text, url, text: "" });
    } else if (sections.length > 0 && token.raw.trim() !== "") {
      sections.at(-1).text += `${plain(token.raw).replaceAll(/[\s|]+(?:-{2,}[\s|]*)*/g, " ")} `;
    }
  }
  return sections;
}
