// The search field: the index is fetched when it is first used.
import MiniSearch from "./minisearch.js";
import { createIndex, excerptOf } from "./search-index.js";

const root = document.documentElement.dataset.root;
const field = document.getElementById("search");
const found = document.getElementById("found");
let index;

const load = () =>
  index ??= fetch(`${root}assets/sections.json`).then((response) => response.json())
    .then((sections) => createIndex(MiniSearch, sections));

async function show() {
  const results = (await load()).search(field.value).slice(0, 12);
  found.replaceChildren(...results.map(({ title, heading, url, text, terms }) => {
    const item = document.createElement("li");
    const link = item.appendChild(document.createElement("a"));
    link.href = root + url;
    link.appendChild(document.createElement("b")).textContent = heading
      ? `${title} › ${heading}`
      : title;
    link.appendChild(document.createElement("span")).textContent = text
      ? excerptOf(text, terms)
      : "";
    return item;
  }));
  if (results.length === 0) found.innerHTML = "<li>Nothing found.</li>";
  found.hidden = field.value === "";
}

/** Moves through the results: the field is before the first of them. */
function move(step) {
  const stops = [field, ...found.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
}

field.addEventListener("focus", load);
field.addEventListener("input", show);
field.addEventListener("keydown", ({ key }) => {
  if (key === "Enter") found.querySelector("a")?.click();
});
addEventListener("keydown", (event) => {
  const isTyping = document.activeElement === field;
  if (event.key === "/" && !isTyping) field.focus();
  else if (event.key === "Escape") found.hidden = true;
  else if (!found.hidden && event.key === "ArrowDown") move(1);
  else if (!found.hidden && event.key === "ArrowUp") move(-1);
  else return;
  event.preventDefault();
});
addEventListener("click", ({ target }) => {
  if (!target.closest(".search")) found.hidden = true;
});
