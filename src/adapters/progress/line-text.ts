import type { ProgressPayload } from "./payload.ts";

// Controls, marks that turn the direction of writing, line ends and lone surrogates. The joiners
// stay, which hold an emoji of several parts together.
const steering = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text that cannot steer a terminal: each character that could is replaced by `?`. */
export function harmless(text: string): string {
  return text.replaceAll(steering, "?");
}

/**
 * Cuts a text to `columns`. How wide a terminal shows what is not ASCII depends on its font and its
 * tables: two columns for each code point are enough in all of them, and a line never wraps.
 */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const mark = ".".repeat(Math.min(3, columns));
  let room = columns - mark.length;
  let kept = "";
  for (const character of text) {
    room -= widthOf(character);
    if (room < 0) break;
    kept += character;
  }
  return kept + mark;
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += character < "\x7f" ? 1 : 2;
  return width;
}

/** A part of a line: in full, and as it is where there is less and less room; "" is left out. */
type Forms = readonly [full: string, ...shorter: string[]];

/** What is shortened where there is little room, one after the other: what matters least first. */
const steps = [
  ...["retries", "skipped", "share", "loaded", "earlier", "pending", "letters", "left"],
  ...["time", "rate", "letters", "name", "share", "loaded"],
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
  const { pending, elapsed, earlier = 0, left } = payload;
  const hasEnded = isOver(payload);
  const hasShare = total !== undefined && total > 0;
  const share = hasShare ? `${shareOf(done, total)}%` : "";
  const some = (many: number, full: string, ...shorter: string[]): Forms =>
    many > 0 ? [full, ...shorter] : [""];
  const all = `${show(loaded)} loaded`;
  const isPlain = state === "running" && deadLettered === 0; // Nothing else is worth the room.
  return new Map<string, Forms>([
    ["name", [cut(name, columns), cut(name, Math.min(8, columns))]],
    ["state", [state === "running" ? "" : state]],
    ["share", hasShare ? [`${share} of ${show(total)}`, share, ""] : [""]],
    ["loaded", hasShare ? [all, ""] : [all, all, isPlain ? all : ""]],
    ["rate", [`${show(rate)}/s`, `${compact(rate)}/s`]],
    ["left", [left === undefined ? "" : `${timeLeft(left)} left`]],
    ["skipped", some(skipped, `${show(skipped)} skipped`)],
    [
      "letters",
      some(
        deadLettered,
        `${show(deadLettered)} dead-lettered`,
        `${show(deadLettered)} dead`,
        `${compact(deadLettered)} dead`,
      ),
    ],
    ["earlier", some(earlier, `${show(earlier)} done before`)],
    ["retries", some(retries, `${show(retries)} retried`)],
    ["pending", some(hasEnded ? pending : 0, `${show(pending)} pending`)],
    ["time", [hasEnded ? `in ${timeOf(elapsed)}` : ""]],
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

function show(count: number): string {
  return count.toLocaleString("en-US");
}

/** Three digits of a count at most, and a letter for thousands, millions and so on. */
function compact(count: number): string {
  const [factor, unit] = count < 999.5 ? [1, ""] : count < 999_500 ? [1e3, "k"] : [1e6, "M"];
  return `${Number((count / factor).toPrecision(3))}${unit}`;
}

/** A time to come, which is an estimate: whole seconds, not less than it takes. */
function timeLeft(left: number): string {
  return left < 59_000 ? `${Math.ceil(left / 1000)} s` : timeOf(left);
}

function timeOf(elapsed: number): string {
  if (elapsed < 59_950) return `${(elapsed / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsed / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
