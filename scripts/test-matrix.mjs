// Runs the one vitest suite on every runtime found: `node scripts/test-matrix.mjs [node22 node24 node26 deno bun workerd chromium]`.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";

const plat = `${process.platform}-${process.arch}`;
const firstThat = (...paths) => paths.find((p) => p && existsSync(p));
const node = (major) =>
  firstThat(`node_modules/node${major}-${plat}/bin/node`) ??
    (process.versions.node.startsWith(`${major}.`) ? process.execPath : undefined);
const host = node(24) ?? node(22) ?? node(26) ?? process.execPath;
const vitest = "node_modules/vitest/vitest.mjs";
const chromium = firstThat(
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
);
const RUNTIMES = {
  node22: () => node(22) && [node(22), [vitest, "run"], "node"],
  node24: () => node(24) && [node(24), [vitest, "run"], "node", { TEST_ISOLATE: "1" }],
  node26: () => node(26) && [node(26), [vitest, "run"], "node"],
  deno: () =>
    existsSync("node_modules/.bin/deno") &&
    ["node_modules/.bin/deno", ["run", "-A", "--no-lock", vitest, "run"], "deno"],
  bun: () =>
    existsSync("node_modules/.bin/bun") &&
    ["node_modules/.bin/bun", ["--bun", vitest, "run"], "bun"],
  workerd: () => existsSync("node_modules/workerd") && [host, [vitest, "run"], "workerd"],
  // the oldest compatibility date supported: before it TransformStream had no backpressure. The flag only stops
  // workerd of that date from reporting rejections that are handled one microtask later.
  "workerd-2024": () =>
    existsSync("node_modules/workerd") &&
    [host, [vitest, "run"], "workerd", {
      WORKERD_DATE: "2024-12-16",
      WORKERD_FLAGS: "unhandled_rejection_after_microtask_checkpoint",
    }],
  chromium: () => chromium && [host, [vitest, "run"], "chromium"],
};
const wanted = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(RUNTIMES);
const must = new Set((process.env.REQUIRE_RUNTIMES ?? "").split(",").filter(Boolean)); // CI: a missing one is a failure
const rows = [];
for (const name of wanted) {
  const cmd = RUNTIMES[name]?.();
  if (!cmd) {
    rows.push({
      name,
      state: must.has(name) ? "FAILED (not installed)" : "skipped (not installed)",
      s: 0,
    });
    continue;
  }
  console.log(`\n===== ${name}`);
  const t0 = performance.now();
  let out = "";
  const code = await new Promise((res) => {
    const p = spawn(cmd[0], cmd[1], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        TEST_RUNTIME: cmd[2],
        CHROMIUM: chromium ?? "",
        NO_COLOR: "1",
        ...cmd[3],
      },
    });
    p.stdout.on("data", (d) => {
      out += d;
      process.stdout.write(d);
    });
    const killer = setTimeout(() => p.kill("SIGKILL"), 5 * 60_000);
    p.on("close", (c) => {
      clearTimeout(killer);
      res(c ?? 1);
    });
  });
  const tests = /Tests\s+(.*)/.exec(out)?.[1] ?? "no tests";
  const ran = Number(/(\d+) passed/.exec(tests)?.[1] ?? 0);
  rows.push({
    name,
    state: code === 0 && ran > 0 ? "passed" : "FAILED",
    s: (performance.now() - t0) / 1000,
    tests,
  });
}
console.log("\nruntime       result                  tests                      time");
for (const r of rows) {
  console.log(
    `${r.name.padEnd(13)} ${r.state.padEnd(23)} ${(r.tests ?? "-").padEnd(26)} ${r.s.toFixed(1)}s`,
  );
}
const n = (f) => rows.filter((r) => f(r.state)).length;
const failed = n((s) => s.startsWith("FAILED"));
console.log(
  `\n${n((s) => s === "passed")} passed, ${failed} failed, ${
    n((s) => s.startsWith("skipped"))
  } skipped`,
);
process.exitCode = failed ? 1 : 0;
