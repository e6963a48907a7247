import { count, counted } from "../../explain/quantities.ts";
import { masked } from "../../options.ts";
import { inWords } from "../../plain-options.ts";
import type { RunReport } from "../../report-types.ts";
import { label } from "./markup.ts";

/** Options of a run, by name. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** A name and a value, both HTML. */
type Fact = readonly [name: string, value: string];

/** Card of the setup of a run, from its report. */
export function setupCard(report: RunReport): string {
  const { key, name, partition, workers, mapping, concurrency, checkpoint, clock } = report;
  const finished = checkpoint?.offset ?? NaN;
  const calls = concurrency === undefined ? "" : `, ${count(concurrency)} calls at once`;
  return factsCard("setup", "How it was run", [
    ...(key === name ? [] : [["key", copied(key)] as const]),
    ...(partition === undefined ? [] : [["partition", copied(partition)] as const]),
    ["workers", count(workers)],
    ["transform", mapping === undefined ? "none" : `${label(mapping, 20)}${calls}`],
    [
      "checkpoint",
      checkpoint === undefined
        ? "none"
        : Number.isNaN(finished)
        ? "–"
        : `finished up to offset ${count(finished)}`,
    ],
    ...(clock === "still" ? [["clock", "stands still while code runs"] as const] : []),
  ]);
}

/** Returns a card of the options; nothing if there are none. */
export function optionsCard(options: GivenOptions): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return factsCard(
    "options",
    "Options",
    given.map(([name, value]) => [label(name), label(shown(value, name), 160)]),
  );
}

/** A text that a click marks as a whole, so that it can be copied without a script. */
export function copied(text: string): string {
  return `<code class="copy"><bdi>${label(text, 200)}</bdi></code>`;
}

/** Words about a number of things with the same outcome, if there are any. */
export function tellAll(amounts: Readonly<Record<string, number>>): string {
  return Object.entries(amounts).filter(([, many]) => many > 0)
    .map(([what, many]) => `${count(many)} ${what}`).join(", ");
}

/** Returns a value in a few words: plain data unchanged, anything else by its kind. */
function shown(value: unknown, name: string, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(masked(value, name));
  if (typeof value !== "object" || value === null || depth > 2) return inWords(value);
  const nested = (key: string, each: unknown) => shown(each, key, depth + 1);
  if (Array.isArray(value)) {
    const more = value.length > 8 ? `, … ${counted(value.length - 8, "more", "more")}` : "";
    return `[${value.slice(0, 8).map((each) => nested(name, each)).join(", ")}${more}]`;
  }
  const kind: unknown = Object.getPrototypeOf(value);
  if (kind !== Object.prototype && kind !== null) return inWords(value);
  const entries = Object.entries(value).slice(0, 20);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, each]) => `${key}: ${nested(key, each)}`).join(", ")} }`;
}

function factsCard(kind: string, title: string, facts: readonly Fact[]): string {
  if (facts.length === 0) return "";
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<div class="card" data-facts="${kind}"><h3>${title}</h3><dl class="pairs">${
    items.join("")
  }</dl></div>`;
}
