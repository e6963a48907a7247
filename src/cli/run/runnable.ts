import type { Job, JobStore } from "../../adapters/jobs.ts";
import { jobStore } from "../../adapters/jobs/job.ts";
import type { Etl } from "../../etl/etl.ts";
import type { EtlManager } from "../../manager/manager.ts";
import { fail } from "../../options.ts";

/** Export of a module that can be run. */
export type Runnable =
  | { readonly kind: "etl"; readonly name: string; readonly etl: Etl<unknown, unknown> }
  | { readonly kind: "manager"; readonly name: string; readonly manager: EtlManager }
  | { readonly kind: "job"; readonly name: string; readonly job: Job<unknown, unknown, unknown> };

/**
 * Recognises an export. The module of a user may import another copy of this package than the
 * command line belongs to, so only its members count.
 */
function runnableOf(name: string, value: unknown): Runnable | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as Record<string, unknown>;
  const has = (...names: string[]) => names.every((name) => typeof members[name] === "function");
  if (has("run", "start", "describe") && typeof members["pipeline"] === "object") {
    return { kind: "etl", name, etl: value as Etl<unknown, unknown> };
  }
  if (has("runAll", "start", "add")) return { kind: "manager", name, manager: value as EtlManager };
  if (has("split", "id", "pipeline") && typeof members["name"] === "string") {
    return { kind: "job", name, job: value as Job<unknown, unknown, unknown> };
  }
  return undefined;
}

/** The name that a person knows it by: that of the export, or that of the pipeline or job. */
function namesOf(runnable: Runnable): string[] {
  if (runnable.kind === "manager") return [runnable.name];
  const { name } = runnable.kind === "etl" ? runnable.etl : runnable.job;
  return runnable.name === "default" ? [name, "default"] : [runnable.name, name];
}

/**
 * The one thing of a module that is to be run: the export, pipeline or job called `wanted`, or the
 * only one there is.
 *
 * @throws {ConfigurationError} If there is none, or none of that name, or several and no name. The
 *   message lists all names.
 */
export function runnableIn(
  module: Readonly<Record<string, unknown>>,
  file: string,
  wanted: string | undefined,
  kinds: readonly Runnable["kind"][] = ["etl", "manager", "job"],
): Runnable {
  const exported = new Map<unknown, Runnable>(); // One that is exported twice counts once.
  for (const [name, value] of Object.entries(module)) {
    const runnable = runnableOf(name, value);
    if (runnable && kinds.includes(runnable.kind) && !exported.has(value)) {
      exported.set(value, runnable);
    }
  }
  const all = [...exported.values()];
  const action = `run ${JSON.stringify(file)}`;
  if (all.length === 0) {
    const what = kinds.includes("job") ? "a pipeline, a manager or a job" : "a pipeline";
    fail(action, "exports", `at least ${what}`, Object.keys(module).join(", "));
  }
  const found = wanted === undefined ? all : all.filter((one) => namesOf(one).includes(wanted));
  if (found.length === 1) return found[0]!;
  const names = all.map((one) => namesOf(one)[0]).sort().join(", ");
  return fail(action, "name", `one of ${names}`, wanted);
}

/** The store that a module exports for its jobs, if it does. */
export function jobStoreIn(module: Readonly<Record<string, unknown>>): JobStore | undefined {
  return Object.values(module).find((value): value is JobStore => jobStore.test(value));
}
