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

/** One line about a run, what matters most first, as a narrow terminal shows only its beginning. */
export function textOf(payload: ProgressPayload, nameColumns: number = Infinity): string {
  const { state, total, done, loaded, skipped, deadLettered, retries, rate, elapsed } = payload;
  const hasEnded = isOver(payload);
  const parts = [
    state === "running" ? "" : state,
    total === undefined || total === 0 ? "" : `${shareOf(done, total)}% of ${show(total)}`,
    `${show(loaded)} loaded`,
    `${show(rate)}/s`,
    skipped === 0 ? "" : `${show(skipped)} skipped`,
    deadLettered === 0 ? "" : `${show(deadLettered)} dead-lettered`,
    retries === 0 ? "" : `${show(retries)} retried`,
    hasEnded && payload.pending > 0 ? `${show(payload.pending)} pending` : "",
    hasEnded ? `in ${timeOf(elapsed)}` : "",
  ];
  return `${cut(payload.name, nameColumns)}: ${parts.filter((part) => part !== "").join(", ")}`;
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

function timeOf(elapsed: number): string {
  if (elapsed < 59_950) return `${(elapsed / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsed / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
