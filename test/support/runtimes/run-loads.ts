import { spawnSync } from "node:child_process";
import { execPath } from "node:process";

/** Runs a program that loads into a file and may kill itself before or after a commit. */
export function runLoads(program: string, file: string, when: string, commit: number) {
  const args = ["--disable-warning=ExperimentalWarning", program, file, when, `${commit}`];
  const { signal, stdout, stderr } = spawnSync(execPath, args, {
    encoding: "utf8",
    timeout: 150_000,
  });
  return { signal, stdout: stdout.trim(), stderr };
}
