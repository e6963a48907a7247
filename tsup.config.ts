import { defineConfig } from "tsup";

// JavaScript only: the declarations come from tsc, as tsup needs a TypeScript with an API for them.
// Each source becomes a file of its own. A bundler leaves out a file that nothing uses, as package.json
// says that none has side effects, but of a file that joins several it keeps whatever might have one.
export default defineConfig({
  entry: ["src/**/*.ts"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  esbuildOptions: (options) => void (options.sourcesContent = false), // The package has the sources.
  clean: true,
  dts: false,
  external: [/^node:/], // Adapters import them when they are first needed.
  removeNodeProtocol: false, // `node:` is what Deno and Workers know them by.
  esbuildPlugins: [{
    name: "one file per source",
    setup({ onResolve }) {
      onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path }) => {
        if (kind === "entry-point") return undefined;
        return { path: path.replace(/\.ts$/, ".js"), external: true };
      });
    },
  }],
});
