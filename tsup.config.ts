import { defineConfig } from "tsup";

// JavaScript only: the declarations come from tsc, as tsup needs a TypeScript with an API for them.
export default defineConfig({
  entry: {
    index: "src/index.ts",
    "adapters/checkpoint": "src/adapters/checkpoint.ts",
    "adapters/sqlite": "src/adapters/sqlite.ts",
    "adapters/postgres": "src/adapters/postgres.ts",
    "adapters/file": "src/adapters/file.ts",
    "adapters/progress": "src/adapters/progress.ts",
    "adapters/otel": "src/adapters/otel.ts",
    "adapters/report": "src/adapters/report.ts",
    "adapters/testing": "src/adapters/testing.ts",
  },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  splitting: true,
  clean: true,
  dts: false,
  external: [/^node:/], // Adapters import them when they are first needed.
  removeNodeProtocol: false, // `node:` is what Deno and Workers know them by.
});
