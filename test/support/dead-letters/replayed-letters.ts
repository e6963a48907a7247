import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";
import { letterOf } from "./letters.ts";

/** A pipeline that notes what is called. */
export function record(more: Partial<Pipeline<number, string>> = {}) {
  const calls: unknown[] = [];
  const loaded: string[] = [];
  const pipeline: Pipeline<number, string> = {
    name: "numbers",
    extract: () => {
      calls.push("extract");
      return [];
    },
    transform: (item) => {
      calls.push(item);
      return `#${item}`;
    },
    load: (rows) => void loaded.push(...rows),
    ...more,
  };
  return { calls, loaded, pipeline };
}

/** A letter of an item whose load failed, with its row. */
export const loadFailed = (item: number, row: unknown) => letterOf(item, { stage: "load", row });
/** Letters of five items, two of which have their rows. */
export const letters: DeadLetter<number>[] = [
  letterOf(1),
  loadFailed(2, "two"),
  letterOf(3, { stage: "load" }),
  loadFailed(4, undefined),
  { ...letterOf(5), row: "left from before" },
];
/** What a replay of them loads. */
export const expected = ["#1", "two", "#3", undefined, "#5"];
