import { vi } from "vitest";
import { etl, type Pipeline, type Run, type RunOptions } from "../../../src/index.ts";
import { ScriptedSource } from "./sources.ts";

/** Starts a run whose source never ends, and lets it come to a halt. */
export async function started(
  members: Partial<Pipeline<number>>,
  options: RunOptions<number> = {},
): Promise<{ run: Run; source: ScriptedSource }> {
  const source = new ScriptedSource({ kind: "stream", reads: 50, end: "never" });
  const pipeline = { name: "stopped", extract: () => source.source, load: () => {}, ...members };
  const run = etl<number>(pipeline).start(options);
  await vi.advanceTimersByTimeAsync(1);
  return { run, source };
}
