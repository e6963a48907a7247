import { execFileSync } from "node:child_process";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";

/** The commands that start a program on a runtime and print the version of the runtime. */
export interface Runtime {
  readonly executable: string;
  readonly args: readonly string[];
}

const nodeArgs = ["--expose-gc", "--disable-warning=ExperimentalWarning"];
const denoArgs = ["run", "--allow-all", "--no-lock", "--v8-flags=--expose-gc"];

/** The runtimes that a bench can use. Those that are not installed are left out. */
export function findRuntimes(): Record<string, Runtime> {
  const found: [string, string | undefined, readonly string[]][] = [
    ...[22, 24, 26].map((major): [string, string | undefined, readonly string[]] => [
      `node${major}`,
      nodeOf(major),
      nodeArgs,
    ]),
    ["deno", deno, denoArgs],
    ["bun", bun, ["run"]],
  ];
  return Object.fromEntries(
    found.flatMap(([name, executable, args]) => executable ? [[name, { executable, args }]] : []),
  );
}

/** The version that a runtime reports. */
export function versionOf({ executable }: Runtime): string {
  const words = execFileSync(executable, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\.\d+\S*/.exec(words)?.[0] ?? words.trim();
}
