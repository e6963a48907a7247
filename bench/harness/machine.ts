import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { type Runtime, versionOf } from "./runtimes.ts";

/** The machine that was measured. Its load shows whether it was busy. */
export function describeMachine(): Record<string, string | number> {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ""}`.trim(),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

/** The versions of everything that was measured. */
export function describeVersions(runtimes: Readonly<Record<string, Runtime>>) {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  const { dependencies } = JSON.parse(readFileSync("bench/peers/package.json", "utf8"));
  const own: Record<string, string> = { millrace: `${version} (${commit()})` };
  for (const [name, runtime] of Object.entries(runtimes)) own[name] = versionOf(runtime);
  return { ...own, ...dependencies } as Record<string, string>;
}

function commit(): string {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    };
    const hash = execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
    const changes = execFileSync("git", ["status", "--porcelain", "src"], options).trim();
    return changes === "" ? hash : `${hash}, changed`;
  } catch {
    return "no commit"; // A copy without a Git history can be measured too.
  }
}
