import { spawn, spawnSync } from "node:child_process";
import { env } from "node:process";

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

// A signal that ends the command is told as a shell tells it.
const python = `import os, pty, sys
code = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:]))
sys.exit(code if code >= 0 else 128 - code)`;

/** What runs a shell command in a terminal of its own: `script` of util-linux, else Python. */
function terminal(command: string): [program: string, args: string[]] {
  const answer = (program: string) => spawnSync(program, ["--version"], { encoding: "utf8" });
  if (answer("script").stdout?.includes("util-linux")) {
    return ["script", ["-qec", command, "/dev/null"]];
  }
  if (answer("python3").status === 0) return ["python3", ["-c", python, "sh", "-c", command]];
  throw new Error("No pseudo-terminal: neither `script` of util-linux nor `python3` is installed");
}

/**
 * Runs a shell command in a pseudo-terminal of 80 columns, and gives what stands between the lines
 * `begin` and `end`, or all after `begin` if it got no further. Ctrl-C is pressed when `interruptAt`
 * is seen.
 */
export function runInTerminal(command: string, interruptAt?: RegExp): Promise<Ended> {
  // The program takes the place of the shell, which Ctrl-C would end as well.
  return run(...terminal(`stty cols 80 rows 24; exec ${command}`), interruptAt);
}

/** Runs a shell command whose output and errors go to a pipe. */
export function runInPipe(command: string): Promise<Ended> {
  return run("sh", ["-c", `{ ${command}; } 2>&1`]);
}

/** Runs a shell command whose errors go to a pipe that is closed after one line. */
export function runInClosedPipe(command: string): Promise<Ended> {
  // Errors and output change places, so that what is printed is not lost with the pipe.
  return run("sh", ["-c", `{ ${command} 2>&1 >&3 | head -n 1 >/dev/null; } 3>&1`]);
}

function run(program: string, args: readonly string[], interruptAt?: RegExp): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let output = "";
    let isPressed = interruptAt === undefined;
    const child = spawn(program, args, {
      env: { ...env, TERM: "xterm", NO_COLOR: "1", CI: "" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const killer = setTimeout(() => child.kill("SIGKILL"), 150_000);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isPressed || !interruptAt!.test(output)) return;
      isPressed = true;
      child.stdin.write("\x03");
    });
    child.on("error", reject);
    child.stdin.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(killer);
      const [, after] = /(?:^|\n)begin\r?\n([\s\S]*)$/.exec(output) ?? [];
      if (after === undefined) return reject(new Error(`It did not begin: ${output}`));
      resolve({ code, output: after.replace(/end\r?\n$/, "") });
    });
  });
}
