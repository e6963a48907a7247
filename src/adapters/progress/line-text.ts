import { fitting } from "../../explain/plain-text.ts";
import { coarseTime, count, counted } from "../../explain/quantities.ts";
import type { ProgressPayload } from "./payload.ts";

/** Characters from here on may take two columns in a terminal. */
const wide = "\x7f";

/**
 * Cuts a text to `columns`. How wide a terminal shows what is not ASCII depends on its font and its
 * tables: two columns for each code point are enough in all of them, and a line never wraps.
 */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const mark = ".".repeat(Math.min(3, columns));
  return fitting(text, columns - mark.length, wide) + mark;
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += character < wide ? 1 : 2;
  return width;
}

/** A part of a line: in full, and as it is where there is less and less room; "" is left out. */
type Forms = readonly [full: string, ...shorter: string[]];

/** What is shortened where there is little room, one after the other: what matters least first. */
const steps = [
  ...["retries", "rows", "skipped", "drift", "share", "loaded", "earlier", "pending", "letters"],
  ...["drift", "left", "time", "rate", "letters", "returned", "name", "share", "loaded"],
];

/**
 * One line about a run, of at most so many columns. Where these are few, what matters least is left
 * out: how the run goes, how fast, and its dead letters stay.
 */
export function textOf(
  payload: ProgressPayload,
  nameColumns: number = Infinity,
  columns: number = Infinity,
): string {
  const forms = formsOf(payload, nameColumns);
  const taken = new Map<string, number>();
  const line = () => {
    const [name, ...told] = [...forms].map(([part, texts]) => texts[taken.get(part) ?? 0] ?? "");
    return `${name}: ${told.filter((text) => text !== "").join(", ")}`;
  };
  for (const part of steps) {
    if (widthOf(line()) <= columns) break;
    taken.set(part, (taken.get(part) ?? 0) + 1);
  }
  return cut(line(), columns);
}

/** What is told of a run, in the order of a line. */
function formsOf(payload: ProgressPayload, columns: number): ReadonlyMap<string, Forms> {
  const { name, state, total, done, loaded, skipped, deadLettered, retries, rate } = payload;
  const { pending, elapsed, earlier = 0, left, rows = 0, drift = 0 } = payload;
  const { earlierDeadLettered: dead = 0, returned = 0 } = payload;
  const hasEnded = isOver(payload);
  const { read = done, total: whole = total ?? 0 } = payload.bytes ?? {};
  const hasShare = whole > 0;
  const share = hasShare ? `${shareOf(read, whole)}%` : "";
  const amount = payload.bytes === undefined ? count(whole) : sizeOf(whole);
  const some = (many: number, full: string, ...shorter: string[]): Forms =>
    many > 0 ? [full, ...shorter] : [""];
  const all = `${count(loaded)} loaded`;
  const isPlain = state === "running" && deadLettered === 0; // Nothing else is worth the room.
  return new Map<string, Forms>([
    ["name", [cut(name, columns), cut(name, Math.min(8, columns))]],
    ["state", [state === "running" ? "" : state]],
    ["share", hasShare ? [`${share} of ${amount}`, share, ""] : [""]],
    ["loaded", hasShare ? [all, ""] : [all, all, isPlain ? all : ""]],
    ["rows", some(rows, `${count(rows)} rows`)],
    ["rate", [`${count(rate)}/s`, `${compact(rate)}/s`]],
    ["left", [left === undefined ? "" : `${timeLeft(left)} left`]],
    ["skipped", some(skipped, `${count(skipped)} skipped`)],
    [
      "letters",
      some(
        deadLettered,
        `${count(deadLettered)} dead-lettered`,
        `${count(deadLettered)} dead`,
        `${compact(deadLettered)} dead`,
      ),
    ],
    ["returned", some(returned, `${count(returned)} returned`, `${compact(returned)} returned`)],
    [
      "drift",
      some(
        drift,
        `${counted(drift, "property", "properties")} without a column`,
        `${count(drift)} without a column`,
        "",
      ),
    ],
    [
      "earlier",
      some(earlier, `${count(earlier)} done before${dead > 0 ? ` (${count(dead)} dead)` : ""}`),
    ],
    ["retries", some(retries, `${count(retries)} retried`)],
    ["pending", some(hasEnded ? pending : 0, `${count(pending)} pending`)],
    ["time", [hasEnded ? `in ${coarseTime(elapsed)}` : ""]],
  ]);
}

/** Whether the run has ended, and its payload says how. */
export function isOver({ state }: ProgressPayload): boolean {
  return state !== "running" && state !== "draining" && state !== "aborting";
}

/** Not 100 before all is done, and not more afterwards, as a total may be an estimate. */
function shareOf(done: number, total: number): number {
  return Math.min(100, Math.floor(done * 100 / total));
}

/** Three digits of a count at most, and a letter for thousands, millions and so on. */
function compact(value: number): string {
  const [factor, unit] = value < 999.5 ? [1, ""] : value < 999_500 ? [1e3, "k"] : [1e6, "M"];
  return `${Number((value / factor).toPrecision(3))}${unit}`;
}

/** Bytes in three digits: "1.23 MB". */
function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, power] = [bytes, 0];
  for (; value >= 999.5 && power < units.length - 1; power++) value /= 1000;
  return `${Number(value.toPrecision(3))} ${units[power]}`;
}

/** A time to come, which is an estimate: whole seconds, not less than it takes. */
function timeLeft(left: number): string {
  return left < 59_000 ? `${Math.ceil(left / 1000)} s` : coarseTime(left);
}
