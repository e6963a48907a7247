import { execFileSync } from "node:child_process";
import process from "node:process";

/** Builds the package beside the benches, with the settings of `npm run build`. */
export function buildLibrary(): void {
  const tsup = ["node_modules/tsup/dist/cli-default.js", "--out-dir", "bench/dist", "--silent"];
  execFileSync(process.execPath, tsup, { stdio: "inherit" });
}
