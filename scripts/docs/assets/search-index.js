// How the sections are searched: by every word, its beginnings and small errors, titles first.
export const options = {
  idField: "url",
  fields: ["title", "heading", "text"],
  storeFields: ["title", "heading", "url", "text"],
  searchOptions: {
    boost: { title: 4, heading: 3 },
    prefix: true,
    fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    combineWith: "AND",
    // Guides come before single names of the reference, and before what was new in a version.
    boostDocument: (url) => /^(api\/|CHANGELOG|ARCHITECTURE|bench\/)/.test(url) ? 0.3 : 1,
  },
};

/** The index of all sections; one address is one section. */
export function createIndex(MiniSearch, sections) {
  const index = new MiniSearch(options);
  index.addAll([...new Map(sections.map((section) => [section.url, section])).values()]);
  return index;
}

/** The part of a text around the first of some words. */
export function excerptOf(text, terms, length = 140) {
  const places = terms.map((term) => text.toLowerCase().indexOf(term)).filter((at) => at >= 0);
  const first = places.length === 0 ? 0 : Math.min(...places);
  const start = Math.max(0, text.lastIndexOf(" ", Math.max(0, first - 40)));
  return `${start > 0 ? "…" : ""}${text.slice(start, start + length).trim()}…`;
}
