import { defineConfig } from "tsup";

// JavaScript only: the declarations come from tsc, as tsup needs a TypeScript with an API for them.
export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  splitting: true,
  clean: true,
  dts: false,
});
