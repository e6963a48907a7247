import { fitting } from "../../explain/plain-text.ts";
import { coarseTime, count, counted } from "../../explain/quantities.ts";
import type { PartitionProgress, ProgressPayload } from "./payload.ts";

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

/** Parts that are shortened where there is little room, the least important first. */
const steps = [
  ...["retries", "rows", "skipped", "drift", "idle", "share", "loaded", "bar", "earlier"],
  ...["pending", "letters", "drift", "parts", "left", "time", "rate", "letters", "returned"],
  ...["name", "share", "idle", "loaded"],
];

/** Columns within the brackets of a bar, at least and at most. */
const leastBar = 8;
const longestBar = 30;

/**
 * Returns one line about a run, of at most `columns` columns. If these are few, the least important parts
 * are left out; state, rate and dead letters stay. A long line has a bar in the remaining space.
 */
export function textOf(
  payload: ProgressPayload,
  nameColumns: number = Infinity,
  columns: number = Infinity,
): string {
  const forms = formsOf(payload, nameColumns);
  const share = columns < Infinity && !isOver(payload) ? doneShareOf(payload) : undefined;
  let room = share === undefined ? 0 : leastBar;
  const taken = new Map<string, number>();
  const line = () => {
    const told = [...forms].map(([part, texts]) => texts[taken.get(part) ?? 0] ?? "");
    const [name, state, ...more] = told;
    const bar = room > 0 ? `${barOf(share!, room)} ` : "";
    const words = more.filter((text) => text !== "").join(", ");
    return `${name}: ${state === "" ? "" : `${state}, `}${bar}${words}`;
  };
  for (const part of steps) {
    if (widthOf(line()) <= columns) break;
    if (part === "bar") room = 0;
    taken.set(part, (taken.get(part) ?? 0) + 1);
  }
  if (room > 0) room = Math.min(longestBar, room + Math.max(0, columns - widthOf(line())));
  return cut(line(), columns);
}

/** A bar as terminals of every font and width show it. */
function barOf(share: number, room: number): string {
  const full = Math.floor(share * room);
  const tip = full < room ? ">" : "";
  return `[${`${"=".repeat(full)}${tip}`.padEnd(room)}]`;
}

/** Returns the share that is done, from 0 to 1, if it is known and not above what was expected. */
function doneShareOf(payload: ProgressPayload): number | undefined {
  const { done, total, bytes, partitions } = payload;
  const { read = done, total: whole = total ?? 0 } = bytes ?? {};
  if (whole > 0) return read <= whole ? read / whole : undefined;
  return partitions && partitions.total > 0 ? settled(partitions) / partitions.total : undefined;
}

function settled({ completed, dead, cancelled }: PartitionProgress): number {
  return completed + dead + cancelled;
}

/** Parts of a line about a run, in order. */
function formsOf(payload: ProgressPayload, columns: number): ReadonlyMap<string, Forms> {
  const { name, state, loaded, skipped, deadLettered, retries, rate, elapsed, pending } = payload;
  const { earlier = 0, left, rows = 0, drift = 0, idle, returned = 0 } = payload;
  const { earlierDeadLettered: dead = 0 } = payload;
  const hasEnded = isOver(payload);
  const some = (many: number, full: string, ...shorter: string[]): Forms =>
    many > 0 ? [full, ...shorter] : [""];
  const [share, parts] = [shareForms(payload), partForms(payload)];
  const all = `${count(loaded)} loaded`;
  const isPlain = state === "running" && deadLettered === 0; // Nothing else is worth the room.
  return new Map<string, Forms>([
    ["name", [cut(name, columns), cut(name, Math.min(8, columns))]],
    ["state", [state === "running" ? "" : state]],
    ["share", share],
    ["parts", parts],
    ["loaded", share[0] + parts[0] !== "" ? [all, ""] : [all, all, isPlain ? all : ""]],
    ["rows", some(rows, `${count(rows)} rows`)],
    ["rate", [`${count(rate)}/s`, `${compact(rate)}/s`]],
    ["left", [left === undefined ? "" : `${timeLeft(left)} left`]],
    [
      "idle",
      idle === undefined
        ? [""]
        : [`nothing new for ${coarseSeconds(idle)}`, `idle ${coarseSeconds(idle)}`, ""],
    ],
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

/** Returns the share of the expected amount, or says that a total turned out too low. */
function shareForms({ done, total, bytes }: ProgressPayload): Forms {
  const { read = done, total: whole = total ?? 0 } = bytes ?? {};
  if (!(whole > 0)) return [""];
  const amount = bytes === undefined ? count(whole) : sizeOf(whole);
  if (read > whole) return [`past the ${amount} expected`, `past ${amount}`, ""];
  // Not 100 before all is done.
  const share = `${Math.floor(read * 100 / whole)}%`;
  return [`${share} of ${amount}`, share, ""];
}

function partForms({ partitions }: ProgressPayload): Forms {
  if (partitions === undefined || partitions.total === 0) return [""];
  const { total, dead } = partitions;
  const words = `${count(settled(partitions))} of ${counted(total, "partition")}`;
  return dead > 0 ? [`${words} (${count(dead)} dead)`, words] : [words];
}

/** Returns true if the run has ended; its payload then says how. */
export function isOver({ state }: ProgressPayload): boolean {
  return state !== "running" && state !== "draining" && state !== "aborting";
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

/** Whole seconds that have passed. */
function coarseSeconds(duration: number): string {
  return duration < 59_950 ? `${Math.floor(duration / 1000)} s` : coarseTime(duration);
}

/** A time to come, which is an estimate: whole seconds, not less than it takes. */
function timeLeft(left: number): string {
  return left < 59_000 ? `${Math.ceil(left / 1000)} s` : coarseTime(left);
}
