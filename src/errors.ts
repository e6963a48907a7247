/**
 * The error classes: each has a literal `name` and `code`, and the user's own error as `cause`.
 * @module
 */
import type { FailureStage, RunReport } from "./report-types.ts";
import type { ManagerReport } from "./manager-report-types.ts";

/** Base class of all errors of this package. */
export class EtlError extends Error {
  /** Name of the class, as a literal that survives minification. */
  override readonly name: string = "EtlError";
  /** Kind of the error, for use in a `switch`. */
  readonly code: string = "ETL";
  /** Report of the run, if one had begun. */
  declare readonly report: RunReport | undefined;

  /** Creates an error with a message, and optionally its cause and the report of its run. */
  constructor(message: string, options?: { cause?: unknown; report?: RunReport | undefined }) {
    super(message, options);
    this.report = options?.report;
  }
}

/**
 * An option or a pipeline breaks a rule. The message names the option, the rule and the value. Options
 * are checked before anything is called.
 */
export class ConfigurationError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "ConfigurationError";
  /** Name of the class. */
  override readonly name = "ConfigurationError" as const;
  /** Kind of the error. */
  override readonly code = "CONFIGURATION" as const;
}

/** A stage of a pipeline failed for good. `cause` is the first failure: the exact object thrown. */
export class PipelineError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "PipelineError";
  /** Name of the class. */
  override readonly name = "PipelineError" as const;
  /** Kind of the error. */
  override readonly code = "PIPELINE" as const;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The stage that failed first. */
  readonly stage: FailureStage;
  /** Number of attempts of the call that failed first. */
  readonly attempts: number;
  /**
   * All failures in the order in which they occurred. For a call that was tried more than 20 times, the
   * first 10 errors and the last 10.
   */
  readonly errors: readonly unknown[];

  /** Creates the error of a pipeline whose first failure is `errors[0]`. */
  constructor(
    pipeline: string,
    stage: FailureStage,
    errors: readonly unknown[],
    options: { attempts?: number; report?: RunReport | undefined } = {},
  ) {
    const [cause] = errors;
    // An error about a broken rule during the run already names the pipeline.
    const words = messageOf(cause).replace(`Cannot run pipeline "${pipeline}" as `, "");
    super(`Pipeline "${pipeline}" failed in ${stage}: ${words}`, { ...options, cause });
    this.pipeline = pipeline;
    this.stage = stage;
    this.attempts = options.attempts ?? 1;
    this.errors = errors;
  }

  /** True if another run has taken over the key and continues the work: this run did not itself fail. */
  get isFenced(): boolean {
    return this.errors.some((error) => isOf(error, FencedError));
  }
}

/** A run was stopped by its signal or by `abort`. `cause` is the reason of the signal. */
export class CancelledError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "CancelledError";
  /** Name of the class. */
  override readonly name = "CancelledError" as const;
  /** Kind of the error. */
  override readonly code = "CANCELLED" as const;
  /** Errors during the abort; a callback that only passes its signal on does not count. */
  readonly errors: readonly unknown[];

  /** Creates the error of a pipeline that was stopped, with the reason. */
  constructor(
    pipeline: string,
    reason: unknown,
    options: { errors?: readonly unknown[]; report?: RunReport | undefined } = {},
  ) {
    super(`Pipeline "${pipeline}" was cancelled: ${messageOf(reason)}`, {
      ...options,
      cause: reason,
    });
    this.errors = options.errors ?? [];
  }
}

/** Pipelines of a manager failed or were stopped. All pipelines that had started have settled. */
export class ManagerError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "ManagerError";
  /** Name of the class. */
  override readonly name = "ManagerError" as const;
  /** Kind of the error. */
  override readonly code = "MANAGER" as const;
  /** Errors of the pipelines that failed or were stopped. */
  readonly errors: readonly unknown[];
  /** The report of each pipeline, in the order in which they were added. */
  readonly reports: ManagerReport["reports"];

  /** Creates the error of a manager; `cause` is the first error, or the reason of its signal. */
  constructor(reports: ManagerReport["reports"], errors: readonly unknown[], cause: unknown) {
    const completed = reports.filter(({ outcome }) => outcome === "completed").length;
    super(`${completed} of ${reports.length} pipelines completed: ${messageOf(cause)}`, { cause });
    this.errors = errors;
    this.reports = reports;
  }
}

/**
 * Thrown by a `load` that has loaded nothing, to name the items of its batch that are to blame. With
 * dead letters, these are given up on and the rest is loaded again without them. Otherwise it fails the
 * run like any other error.
 *
 * @example Two of the rows were refused
 * ```ts
 * import { BatchError } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const error = new BatchError(new Map([[3, new Error("too long")], [7, new Error("no id")]]));
 * equal(error.message, "2 items of the batch failed: too long");
 * ```
 */
export class BatchError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "BatchError";
  /** Name of the class. */
  override readonly name = "BatchError" as const;
  /** Kind of the error. */
  override readonly code = "BATCH" as const;
  /** The error of each failed item, by its index in the batch. */
  readonly failures: ReadonlyMap<number, unknown>;

  /**
   * Creates the error of a batch from the errors of its items.
   * @throws {TypeError} If `failures` is not a Map, or is empty; the given value is its `cause`.
   */
  constructor(failures: ReadonlyMap<number, unknown>) {
    const size = failures?.size;
    if (!size) {
      throw new TypeError(
        `BatchError needs a non-empty Map: current value is ${messageOf(failures)}`,
        { cause: failures },
      );
    }
    const [first] = failures.values();
    super(
      `${size} item${size === 1 ? "" : "s"} of the batch failed: ${messageOf(first)}`,
      { cause: first },
    );
    this.failures = failures;
  }
}

/**
 * Thrown by a `load` if its batch is too large. The batch is halved and each half loaded separately,
 * which does not count as a further attempt. For a batch of one item, it is an error like any other.
 *
 * @example The service takes two rows at a time
 * ```ts
 * import { etl, SplitError } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const loaded: number[][] = [];
 * const load = (rows: number[]) => {
 *   if (rows.length > 2) throw new SplitError("413 Content Too Large");
 *   loaded.push(rows);
 * };
 * await etl({ name: "numbers", extract: () => [1, 2, 3, 4], load }).run({ batchSize: 4 });
 * deepEqual(loaded, [[1, 2], [3, 4]]);
 * ```
 */
export class SplitError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "SplitError";
  /** Name of the class. */
  override readonly name = "SplitError" as const;
  /** Kind of the error. */
  override readonly code = "SPLIT" as const;

  /** Creates the error of a batch that is too large. */
  constructor(message = "The batch is too large", options: { cause?: unknown } = {}) {
    super(message, options);
  }
}

/** A stored checkpoint is malformed, so there is no safe place to resume from. */
export class CheckpointError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "CheckpointError";
  /** Name of the class. */
  override readonly name = "CheckpointError" as const;
  /** Kind of the error. */
  override readonly code = "CHECKPOINT" as const;
  /** The key of the checkpoint. */
  readonly key: string;

  /** Creates the error of the checkpoint of a key. */
  constructor(key: string, reason: string, options: { cause?: unknown } = {}) {
    super(`Cannot read checkpoint "${key}" as ${reason}`, options);
    this.key = key;
  }
}

/** Another run owns the key: this run can no longer write, and is stopped. */
export class FencedError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "FencedError";
  /** Name of the class. */
  override readonly name = "FencedError" as const;
  /** Kind of the error. */
  override readonly code = "FENCED" as const;
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run that owns the key, or has finished items that this run lacks; if known. */
  readonly owner: string | undefined;

  /** Creates the error of a run that does not own a key. */
  constructor(key: string, owner?: string) {
    const words = owner === undefined ? "another run" : `run ${owner}`;
    super(`Checkpoint "${key}" belongs to ${words}`);
    this.key = key;
    this.owner = owner;
  }
}

/**
 * Returns true if a value is an instance of a class. As an application may contain two copies of this
 * package, a class with its own `millrace` is recognised in every copy. A value that cannot be
 * inspected is an instance of none.
 */
export function isOf<C>(value: unknown, type: abstract new (...args: never[]) => C): value is C {
  try {
    if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
    let other = Object.hasOwn(type, "millrace") && (value as object).constructor as typeof mark;
    const mark = type as { millrace?: unknown };
    for (; other; other = Object.getPrototypeOf(other)) {
      if (other.millrace === mark.millrace) return true;
    }
  } catch {
    // A value that cannot be inspected is not an error of this package.
  }
  return false;
}

/**
 * Returns the message of an error. If it is empty: its code, and the message of its cause or of one of
 * its `errors`. If these are also empty, or if it is not an error, the value as text.
 */
export function messageOf(error: unknown): string {
  try {
    return wordsOf(error, new Set()) ?? String(error);
  } catch {
    return "a value that cannot be shown"; // The caller has the value itself, as `cause`.
  }
}

/** Reads a property of a thrown value: `undefined` if it has none, or it cannot be read. */
export function propertyOf(error: unknown, name: PropertyKey): unknown {
  try {
    return (error as Record<PropertyKey, unknown> | null | undefined)?.[name];
  } catch {
    return undefined; // A getter that throws, or a proxy.
  }
}

/** Returns the words of an error. `seen` stops cycles, and long chains of errors without a message. */
function wordsOf(error: unknown, seen: Set<unknown>): string | undefined {
  if (typeof error === "string") return error;
  if (Object(error) !== error || seen.has(error) || seen.size > 99) return undefined;
  const { message, code, cause, errors } = error as Record<string, unknown>;
  if (typeof message === "string" && message.trim()) return message;
  seen.add(error);
  const inner = [cause, ...(Array.isArray(errors) ? errors : [])];
  const words = inner.map((each) => wordsOf(each, seen)).find(Boolean);
  if (typeof code !== "string" || !code || words?.includes(code)) return words;
  return words ? `${code}: ${words}` : code;
}
