import { type ChildProcess, spawn } from "node:child_process";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

/** What became of a writer. */
export interface WriterEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const commands: readonly (readonly [string | undefined, readonly string[]])[] = [
  [nodeOf(24), ["--disable-warning=ExperimentalWarning"]],
  [deno, ["run", "-A", "--no-lock", "--quiet"]],
  [bun, []],
];

/** A writer in a process of its own, on one of the runtimes that are there. */
export class WriterProcess {
  /** Settles when it has committed something, or has ended. */
  readonly began: Promise<void>;
  /** Settles when it has ended. */
  readonly ended: Promise<WriterEnd>;
  readonly #child: ChildProcess;

  /** Starts a writer; the runtimes take turns. */
  constructor(job: object, turn = 0, program = "test/crash/writer.ts") {
    const installed = commands.filter(([executable]) => executable !== undefined);
    const [executable, args] = installed[turn % installed.length]!;
    const child = spawn(executable!, [...args, program, JSON.stringify(job)], {
      timeout: 170_000, // ms: a test that has failed leaves none behind.
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stderr.on("data", (bytes) => void (stderr += bytes));
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    this.began = new Promise((resolve) => {
      child.once("close", () => resolve());
      child.stdout.on("data", (bytes) => {
        stdout += bytes;
        if (stdout.includes("began")) resolve();
      });
    });
  }

  /** Sends it a signal. */
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" = "SIGKILL"): void {
    this.#child.kill(signal);
  }
}
