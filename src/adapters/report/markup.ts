import { fitting, harmless } from "../../explain/plain-text.ts";
import { percent } from "../../explain/quantities.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A text on one line that can steer nothing, of at most so many columns: what is not Latin takes
 * two. What does not fit is cut, which three points show.
 */
export function plain(text: unknown, columns: number): string {
  // A text of any length costs no more than what is shown of it.
  const all = harmless(String(text).slice(0, columns * 8), "\ufffd");
  const start = fitting(all, columns, "\u0300");
  return start === all ? all : `${start.replace(/[\s\u200c\u200d]+$/u, "")}…`;
}

/** A text as HTML and SVG take it, within an element and within a quoted attribute. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** A name, cut and escaped. */
export function label(name: unknown, columns: number = 60): string {
  return escape(plain(name, columns));
}

/** A share of 1 in per cent, escaped. */
export function shareOf(share: number): string {
  return escape(percent(share));
}

/** Names and values as the attributes of an element; what is `undefined` is left out. */
export function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join("");
}

/** An element of SVG or HTML with what it contains, which is markup already. */
export function element(
  name: string,
  values: Readonly<Record<string, string | number | undefined>>,
  ...content: readonly string[]
): string {
  const inner = content.join("");
  return `<${name}${attributes(values)}${inner === "" ? "/>" : `>${inner}</${name}>`}`;
}

/** Formats a number with few digits, for coordinates and `data-*`; 0 for values that are not numbers. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(3))) : "0";
}

/** A place between 0 and `all`, in per cent of it: what is drawn with it has no width of its own. */
export function percentOf(value: number, all: number): string {
  const share = all > 0 && Number.isFinite(value) ? value / all : 0;
  return `${short(Math.min(1, Math.max(0, share)) * 100)}%`;
}
