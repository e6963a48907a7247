import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import process, { execPath, kill } from "node:process";

/** A Worker as `npx wrangler dev` runs it. */
export class WranglerProcess {
  #child: ChildProcess | undefined;
  #printed = Promise.withResolvers<void>();
  /** What it has printed. */
  output = "";
  /** Where it listens. */
  url = "";

  /** Starts it in a folder, with what follows `wrangler dev` on the command line. */
  async open(folder: string, args: readonly string[]): Promise<void> {
    const wrangler = resolve("node_modules/wrangler/bin/wrangler.js");
    const child = spawn(execPath, [wrangler, "dev", ...args, "--port=0"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // A group of its own, with workerd in it.
      env: { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.#tell();
      });
    }
    child.on("exit", () => this.#tell());
    await this.until(/Ready on /);
    this.url = /Ready on (http:\S+)/.exec(this.output)![1]!;
  }

  /** Waits until it has printed something. */
  async until(printed: RegExp): Promise<void> {
    const child = this.#child!;
    while (!printed.test(this.output)) {
      if (child.exitCode !== null) throw new Error(`wrangler has ended: ${this.output}`);
      await this.#printed.promise;
    }
  }

  #tell(): void {
    this.#printed.resolve();
    this.#printed = Promise.withResolvers();
  }

  /** Ends it. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = once(child, "exit");
    kill(-child.pid, "SIGKILL");
    await gone;
  }
}
