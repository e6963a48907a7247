import { exitCodes } from "./command.ts";
import type { Output, Terminal } from "./terminal.ts";

/** The part of a host's `node:process` that is used. */
export interface HostProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: HostOutput;
  readonly stderr: HostOutput;
  cwd(): string;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  exit(code: number): never;
}

interface HostOutput extends Output {
  write(text: string, written?: () => void): unknown;
  on(event: "error", listener: (error: { code?: string }) => void): unknown;
}

/** The `process` of Node, Deno or Bun. */
export async function hostProcess(): Promise<HostProcess> {
  // @ts-ignore: the package is checked without the types of any host.
  return (await import("node:process")).default;
}

const signals = ["SIGINT", "SIGTERM"] as const;
/**
 * Signals within so many milliseconds are one: Ctrl-C reaches all processes of a terminal, and `npx`
 * passes it on once more.
 */
const oneKey = 250;

/** The terminal of this process. */
export function hostTerminal(host: HostProcess): Terminal {
  const { stdout, stderr, env } = host;
  // `millrace … | head` closes the pipe: what is left to say interests nobody.
  for (const output of [stdout, stderr]) output.on("error", () => {});
  return {
    stdout,
    stderr,
    folder: host.cwd(),
    environment: env,
    onInterrupt(listener) {
      let last = -Infinity;
      const own = () => {
        const now = performance.now();
        if (now - last < oneKey) return;
        last = now;
        listener();
      };
      for (const signal of signals) host.on(signal, own);
      return () => {
        for (const signal of signals) host.off(signal, own);
      };
    },
    exit: (code) => host.exit(code),
  };
}

/**
 * Ends the process with an error where nothing is left that could settle what the program waits for:
 * otherwise it would end as if all were done.
 */
export function failWhenIdle(host: HostProcess): void {
  host.on("beforeExit", () => {
    host.stderr.write(
      "The work did not end: it waits for a promise that nothing can settle. Look for a callback " +
        "that does not resolve\n",
    );
    host.exit(exitCodes.failed);
  });
}

/**
 * Ends the process once all that was written has arrived. A module of the user may hold connections
 * open, which would keep the process alive for ever.
 */
export async function endProcess(host: HostProcess, code: number): Promise<never> {
  for (const output of [host.stdout, host.stderr]) {
    await new Promise<void>((resolve) => void output.write("", () => resolve()));
  }
  return host.exit(code);
}
