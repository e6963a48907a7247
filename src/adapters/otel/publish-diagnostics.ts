import type { RunEvent, RunObserver } from "../../pipeline/run-event.ts";
import { hostProcess } from "../../runtime/detect.ts";

/** Parts of `node:diagnostics_channel` that are used. */
interface Diagnostics {
  channel(name: string): { readonly hasSubscribers: boolean; publish(message: unknown): void };
}

/**
 * Makes an observer that publishes each event of a run on the channel `millrace:run` of
 * `node:diagnostics_channel`. It does nothing on platforms without that module.
 *
 * @example A subscriber that knows nothing of the pipeline
 * ```ts
 * import { etl, type RunEvent } from "millrace";
 * import { publishDiagnostics } from "millrace/otel";
 * import { deepEqual } from "node:assert/strict";
 * import { subscribe } from "node:diagnostics_channel";
 *
 * const types: string[] = [];
 * subscribe("millrace:run", (event) => void types.push((event as RunEvent).type));
 * const numbers = etl({ name: "numbers", extract: () => [1, 2], load: () => {} });
 * await numbers.run({ batchSize: 2, observer: publishDiagnostics() });
 * deepEqual(types, ["run:start", "batch:load", "run:end"]);
 * ```
 */
export function publishDiagnostics(): RunObserver {
  // No import, so that nothing has to be resolved where there is no such module.
  const diagnostics = hostProcess()?.getBuiltinModule?.("node:diagnostics_channel") as
    | Diagnostics
    | undefined;
  const channel = diagnostics?.channel("millrace:run");
  return (event: RunEvent) => {
    if (channel?.hasSubscribers) channel.publish(event);
  };
}
