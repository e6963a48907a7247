import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How the runtime of a test runs a program. */
export type Command = readonly [executable: string, ...flags: string[]];

/** A process of its own that claims keys when it is told to. */
export class ClaimingProcess {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(command: Command, directory: string, runId: string, keys: readonly string[]) {
    const [executable, ...flags] = command;
    const program = "test/node/programs/claim-keys.ts";
    const args = [...flags, program, directory, runId, "1000", ...keys];
    this.#process = spawn(executable, args);
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until it stands by. */
  async ready(): Promise<void> {
    const { value } = await this.#lines.next();
    if (value !== "ready") throw new Error(`It does not stand by: ${value}`);
  }

  /** Tells it to go, and gives the owner of each key. */
  async owners(): Promise<string[]> {
    this.#process.stdin.write("go\n");
    return JSON.parse((await this.#lines.next()).value as string) as string[];
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const closed = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await closed;
  }
}
