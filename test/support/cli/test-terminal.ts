import type { Terminal } from "../../../src/cli/terminal.ts";

/** A terminal that notes what is written, and whose Ctrl-C is a call. */
export interface TestTerminal extends Terminal {
  /** What standard output was given so far. */
  out(): string;
  /** What standard error was given so far. */
  err(): string;
  /** Presses Ctrl-C. */
  interrupt(): void;
  /** How many listen to Ctrl-C. */
  listeners(): number;
  /** The codes that the process was ended with at once. */
  readonly exits: readonly number[];
}

/** Makes a terminal that is a pipe, or one of `columns` that a person reads. */
export function testTerminal(
  { folder = "/", columns }: { folder?: string; columns?: number } = {},
): TestTerminal {
  const texts = { out: "", err: "" };
  const listeners = new Set<() => void>();
  const exits: number[] = [];
  const output = (name: "out" | "err") => ({
    write: (text: string) => void (texts[name] += text),
    isTTY: columns !== undefined,
    columns,
  });
  return {
    stdout: output("out"),
    stderr: output("err"),
    folder,
    environment: {},
    onInterrupt: (listener) => {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    exit: (code) => void exits.push(code),
    out: () => texts.out,
    err: () => texts.err,
    interrupt: () => [...listeners].forEach((listener) => listener()),
    listeners: () => listeners.size,
    exits,
  };
}
