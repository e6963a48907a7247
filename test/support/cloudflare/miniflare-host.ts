// Runs a Worker whose options stand in the file that is given, until it is told to kill workerd, and
// again when it is told to.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process, { argv, pid, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";

const given = JSON.parse(readFileSync(argv[2]!, "utf8")) as object;
const options = convertV4MiniflareOptions(
  { host: "127.0.0.1", telemetry: { enabled: false }, ...given } as never,
);
const miniflare = new Miniflare(options);
stdout.write(`${await miniflare.ready}\n`);
for await (const word of createInterface({ input: stdin })) {
  if (word === "kill") {
    for (const child of children()) process.kill(child, "SIGKILL");
    stdout.write("killed\n");
  } else {
    await miniflare.setOptions(options);
    stdout.write(`${await miniflare.ready}\n`);
  }
}
await miniflare.dispose(); // Who has started it is gone.

/** The processes of workerd that are there: this one starts no others. */
function children(): number[] {
  const all = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  return all.split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, parent, name]) => Number(parent) === pid && name?.includes("workerd"))
    .map(([child]) => Number(child));
}
