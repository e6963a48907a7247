import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bun, deno, nodeOf } from "../../scripts/runtimes.mjs";
import { type PostgresServer, startPostgres } from "../support/postgres/server.ts";

const runtimes: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  ["Node", nodeOf(24), []],
  ["Deno", deno, ["run", "-A", "--no-lock", "--quiet"]],
  ["Bun", bun, []],
];

/** What a program has printed, and the code it ended with. */
function endOf(executable: string, args: readonly string[]): Promise<[string, number | null]> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { timeout: 150_000, killSignal: "SIGKILL" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes) => void (output += bytes));
    }
    child.once("error", reject);
    child.once("close", (code) => resolve([output, code]));
  });
}

describe("a COPY that its client has abandoned", () => {
  let server: PostgresServer | undefined;
  beforeAll(async () => void (server = await startPostgres()), 180_000);
  afterAll(() => server?.stop());

  const installed = runtimes.filter(([, executable]) => executable !== undefined);
  // The statement is given up after 150 ms, and so would be the one after it.
  const unlocks = [145, 155, 250, 305, 700];
  const cases = installed.flatMap((runtime) =>
    unlocks.map((unlock) => [unlock, ...runtime] as const)
  );
  it.each(cases)("does not end the process: unlocked after %i ms, on %s", async (...given) => {
    const [unlock, , executable, flags] = given;
    const args = [...flags, "test/crash/given-up-copy.ts", server!.url, String(unlock)];
    const [output, code] = await endOf(executable!, args);
    expect([output.trim().split("\n").at(-1), code]).toEqual([
      JSON.stringify({ outcome: "completed", rows: 2 }),
      0,
    ]);
  });
});
