/** An output that keeps what is written to it, and a screen on which that is shown. */
export class RecordedOutput {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  columns: number | undefined = 80;
  rows: number | undefined = 24;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.writes.push(text);
  }

  /** What stands on the screen. */
  get screen(): string[] {
    return screenOf(this.writes.join(""));
  }
}

/**
 * The lines that a terminal shows after a text: it knows what the reporter uses, and refuses any
 * other escape sequence. A line of any length stays one line.
 */
export function screenOf(text: string): string[] {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  // deno-lint-ignore no-control-regex
  for (const [token, count, action] of text.matchAll(/\x1b\[(\d*)([AJK])|[\s\S]/gu)) {
    const line = lines[row]!;
    if (action === "A") row = Math.max(0, row - Number(count));
    else if (action === "K") line.length = Math.min(line.length, column);
    else if (action === "J") {
      line.length = Math.min(line.length, column);
      lines.length = row + 1;
    } else if (token === "\r") column = 0;
    else if (token === "\n") {
      column = 0;
      if (++row === lines.length) lines.push([]);
    } else if (token < " ") throw new Error(`A terminal is steered by ${JSON.stringify(token)}`);
    else {
      while (line.length < column) line.push(" ");
      line[column++] = token;
    }
  }
  return lines.map((line) => line.join(""));
}
