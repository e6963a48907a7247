import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { entries } from "./scripts/entries.mjs";
import { chromiumArguments } from "./scripts/runtimes.mjs";

// Which runtime executes the tests. Set by scripts/test-matrix.mjs; a bare `vitest` means: this Node.
const runtime = env["TEST_RUNTIME"] ?? "node";
const hosts = ["node", "deno", "bun", "workerd", "chromium"]; // What needs a host lives in test/<host>/.
// What starts programs on every runtime by itself lives in test/once/, and runs on one leg.
const isOnce = env["TEST_ONCE"] === "1";

const test: NonNullable<ViteUserConfig["test"]> = {
  include: ["test/**/*.test.ts"],
  exclude: hosts.filter((host) => host !== runtime).concat(isOnce ? [] : ["once"])
    .concat(["workerd", "chromium"].includes(runtime) ? ["cli"] : []) // They have no command line.
    .map((host) => `test/${host}/**`),
  // Only what hangs is to fail: a cold machine may take long to start a browser or a database.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // Isolated on one Node, which finds state that files share; a fresh workerd for each file is slow.
  isolate: env["TEST_ISOLATE"] === "1",
};
const config: ViteUserConfig = { test, cacheDir: `node_modules/.vite-${runtime}` };
// The examples import the package by its name; what is tested is the source, not the last build.
config.resolve = {
  alias: entries.map(({ specifier, source }) => ({
    find: new RegExp(`^${specifier}$`),
    replacement: fileURLToPath(new URL(source, import.meta.url)),
  })),
};

if (runtime === "bun") test.pool = "threads"; // Bun lacks child.channel.unref(), which forks call.
if (runtime === "deno") test.pool = "forks"; // Deno lacks parentPort.removeAllListeners(), which threads call.
if (runtime === "workerd") {
  const { cloudflareTest } = await import("@cloudflare/vitest-plugin");
  const compatibilityDate = env["WORKERD_DATE"] ?? "2026-10-01";
  const flags = env["WORKERD_FLAGS"]?.split(",") ?? [];
  const compatibilityFlags = ["nodejs_compat", ...flags];
  config.plugins = [cloudflareTest({
    main: "./test/support/cloudflare/worker.ts",
    miniflare: {
      compatibilityDate,
      compatibilityFlags,
      r2Buckets: ["BUCKET", "FILES"],
      bindings: { STEP_MS: 20 },
      kvNamespaces: ["KV"],
      d1Databases: ["DB"],
      queueProducers: { QUEUE: "numbers", OUTAGE: "outage" },
      queueConsumers: {
        numbers: { maxBatchSize: 6, maxBatchTimeout: 0.1, maxRetries: 2, deadLetterQueue: "dead" },
        dead: { maxBatchTimeout: 0 },
        outage: { maxBatchSize: 6, maxBatchTimeout: 0.1, maxRetries: 8, deadLetterQueue: "buried" },
        buried: { maxBatchTimeout: 0 },
      },
      durableObjects: {
        OBJECT: { className: "TestObject", useSQLite: true },
        IMPORT: { className: "Import", useSQLite: true },
      },
    },
  })];
}
if (runtime === "chromium") {
  const { playwright } = await import("@vitest/browser-playwright");
  // Otherwise vite finds it in the middle of a run on a cold cache, and reloads the page.
  config.optimizeDeps = {
    include: ["fast-check", "@opentelemetry/api", "hyparquet", "hyparquet-writer"],
  };
  test.browser = {
    enabled: true,
    headless: true,
    screenshotFailures: false,
    provider: playwright({
      launchOptions: {
        executablePath: env["CHROMIUM"]!,
        args: chromiumArguments,
      },
    }),
    instances: [{ browser: "chromium" }],
  };
}
export default defineConfig(config);
