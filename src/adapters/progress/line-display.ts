import type { Display } from "./display.ts";
import { cut, isOver, textOf } from "./line-text.ts";
import { beforeExit, type ProgressOutput, writerTo } from "./output.ts";
import type { ProgressPayload } from "./payload.ts";

/** One line of all runs at each interval, for a pipe, a file, or the log of a CI. */
export function plainLines(output: ProgressOutput, onError: (error: unknown) => void): Display {
  const write = writerTo(output, onError);
  const draw = (payloads: readonly ProgressPayload[]) =>
    write(`${payloads.map((payload) => textOf(payload)).join(" | ")}\n`);
  let hasBegun = false;
  return {
    draw: (payloads) => {
      if (hasBegun) draw(payloads); // The first is at the start, where there is nothing to tell.
      hasBegun = true;
    },
    end: draw,
    abandon: () => {},
  };
}

/**
 * A line of each run, redrawn in place. The cursor is never hidden and stays behind the last line,
 * so that what the program prints meanwhile is not overwritten by the next redraw of one line.
 */
export function redrawnLines(output: ProgressOutput, onError: (error: unknown) => void): Display {
  const write = writerTo(output, onError);
  let height = 0; // Lines that stand in the terminal.
  const cancelExit = beforeExit(() => {
    try {
      write("\n");
    } catch {
      // The process ends; there is nobody left to tell.
    }
  });
  const draw = (lines: readonly string[], end: string) => {
    const up = height > 1 ? `\x1b[${height - 1}A` : "";
    height = lines.length;
    // Each line is erased to its end after it is written, as a line erased before it flickers.
    write(`\r${up}${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J${end}`);
  };
  return {
    draw: (payloads) => draw(linesOf(output, payloads, (output.rows || 24) - 1), ""),
    end: (payloads) => {
      cancelExit();
      draw(linesOf(output, payloads, Infinity), "\n");
    },
    abandon: cancelExit,
  };
}

/** One line of each run; where there is no room for all, those that are over give way first. */
function linesOf(
  output: ProgressOutput,
  payloads: readonly ProgressPayload[],
  rows: number,
): string[] {
  const columns = Math.max(1, (output.columns || 80) - 1); // In the last column terminals may wrap.
  const toLine = (payload: ProgressPayload) =>
    textOf(payload, Math.max(8, Math.floor(columns / 3)), columns);
  if (payloads.length <= Math.max(1, rows)) return payloads.map(toLine);
  const live = payloads.filter((payload) => !isOver(payload));
  const ordered = [...live, ...payloads.filter(isOver)];
  const lines = ordered.slice(0, Math.max(0, rows - 1)).map(toLine);
  return [...lines, cut(`and ${payloads.length - lines.length} more runs`, columns)];
}
