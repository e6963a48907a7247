import { element, escape } from "./markup.ts";

/** A picture with what is said about it. */
export interface Plot {
  /** Unique in the page. */
  readonly id: string;
  /** Which picture it is, as `data-plot`. */
  readonly kind: string;
  /** Its heading. */
  readonly title: string;
  /** Description for readers who do not see it. */
  readonly description: string;
  /** Height of what is drawn, without the axis below. */
  readonly height: number;
  /** Content: its places across are in per cent, so that it fits every width. */
  readonly body: string;
  /** Legend of its marks, as HTML. */
  readonly key?: string | undefined;
  /** A line below, as HTML. */
  readonly note?: string | undefined;
}

/** A picture as a figure of the page. */
export function figureOf({ id, kind, title, description, height, body, key, note }: Plot): string {
  const svg = element(
    "svg",
    {
      role: "img",
      "aria-labelledby": `${id}-t ${id}-d`,
      class: "plot",
      width: "100%",
      height,
    },
    element("title", { id: `${id}-t` }, escape(title)),
    element("desc", { id: `${id}-d` }, escape(description)),
    body,
  );
  return `<figure class="card" data-plot="${kind}">
<figcaption><h3>${escape(title)}</h3>${key ?? ""}</figcaption>
<div class="frame">${svg}</div>${note === undefined ? "" : `\n<p class="note">${note}</p>`}
</figure>`;
}

/** Meaning of a mark. */
export function keyOf(...entries: readonly (readonly [mark: string, words: string])[]): string {
  const items = entries.map(([mark, words]) =>
    `<li><svg class="swatch" width="18" height="12" aria-hidden="true">${mark}</svg>${words}</li>`
  );
  return `<ul class="key">${items.join("")}</ul>`;
}

/** The marks that stand on a batch, to stand within `defs`: told apart by their shape. */
export const marks: string = `<path id="mark-retry" class="retry" d="M0 -4.5L4.6 3.6H-4.6Z"/>` +
  `<g id="mark-lost"><circle r="6" class="under"/>` +
  `<path class="lost" d="M-3.2 -3.2L3.2 3.2M3.2 -3.2L-3.2 3.2"/></g>` +
  `<g id="mark-failed"><circle r="7" class="fail"/>` +
  `<path class="on-fail" d="M-2.8 -2.8L2.8 2.8M2.8 -2.8L-2.8 2.8"/></g>`;
