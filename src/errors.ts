/**
 * The family of errors: each with a literal `name` and `code`, and the user's own error as `cause`.
 * @module
 */
import type { FailureStage, RunReport } from "./report-types.ts";
import type { ManagerReport } from "./manager-report-types.ts";

/** The base of all errors of this package. */
export class EtlError extends Error {
  /** The class of the error, as a literal that survives minifying. */
  override readonly name: string = "EtlError";
  /** The kind of the error, to switch on. */
  readonly code: string = "ETL";
  /** Report of the run, if one had begun. */
  declare readonly report: RunReport | undefined;

  /** Makes an error with a message, and what is known of its cause and its run. */
  constructor(message: string, options?: { cause?: unknown; report?: RunReport | undefined }) {
    super(message, options);
    this.report = options?.report;
  }
}

/**
 * An option or a pipeline breaks a rule. The message names the option, the rule and the value;
 * nothing was called.
 */
export class ConfigurationError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "ConfigurationError";
  /** The class of the error. */
  override readonly name = "ConfigurationError" as const;
  /** The kind of the error. */
  override readonly code = "CONFIGURATION" as const;
}

/** A stage of a pipeline failed for good. `cause` is the first failure: the user's own object. */
export class PipelineError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "PipelineError";
  /** The class of the error. */
  override readonly name = "PipelineError" as const;
  /** The kind of the error. */
  override readonly code = "PIPELINE" as const;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The stage that failed first. */
  readonly stage: FailureStage;
  /** Number of attempts of the call that failed first. */
  readonly attempts: number;
  /**
   * All failures in the order in which they came. Of a call that was tried more than 20 times, the
   * first 10 errors and the last 10.
   */
  readonly errors: readonly unknown[];

  /** Makes the error of a pipeline whose first failure is `errors[0]`. */
  constructor(
    pipeline: string,
    stage: FailureStage,
    errors: readonly unknown[],
    options: { attempts?: number; report?: RunReport | undefined } = {},
  ) {
    const [cause] = errors;
    // One who breaks a rule while the run goes on has said already which pipeline it is.
    const words = messageOf(cause).replace(`Cannot run pipeline "${pipeline}" as `, "");
    super(`Pipeline "${pipeline}" failed in ${stage}: ${words}`, { ...options, cause });
    this.pipeline = pipeline;
    this.stage = stage;
    this.attempts = options.attempts ?? 1;
    this.errors = errors;
  }

  /** Another run has the key: this one has not failed by itself, and its work is in good hands. */
  get isFenced(): boolean {
    return this.errors.some((error) => isOf(error, FencedError));
  }
}

/** A run was stopped by its signal or by `abort`. `cause` is the reason of the signal. */
export class CancelledError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "CancelledError";
  /** The class of the error. */
  override readonly name = "CancelledError" as const;
  /** The kind of the error. */
  override readonly code = "CANCELLED" as const;
  /** Errors during the abort; a callback that only passes its signal on does not count. */
  readonly errors: readonly unknown[];

  /** Makes the error of a pipeline that was stopped for a reason. */
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

/** Pipelines of a manager failed or were stopped; every one that had started has settled. */
export class ManagerError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "ManagerError";
  /** The class of the error. */
  override readonly name = "ManagerError" as const;
  /** The kind of the error. */
  override readonly code = "MANAGER" as const;
  /** Errors of the pipelines that failed or were stopped. */
  readonly errors: readonly unknown[];
  /** The report of each pipeline, in the order in which they were added. */
  readonly reports: ManagerReport["reports"];

  /** Makes the error of a manager; `cause` is the first error, or the reason of its signal. */
  constructor(reports: ManagerReport["reports"], errors: readonly unknown[], cause: unknown) {
    const completed = reports.filter(({ outcome }) => outcome === "completed").length;
    super(`${completed} of ${reports.length} pipelines completed: ${messageOf(cause)}`, { cause });
    this.errors = errors;
    this.reports = reports;
  }
}

/**
 * Thrown by a `load` that has loaded nothing, to say which items of its batch are to blame. With
 * dead letters these are given up on, and the rest is loaded once more without them; otherwise it
 * fails the run like any other error.
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
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "BatchError";
  /** The class of the error. */
  override readonly name = "BatchError" as const;
  /** The kind of the error. */
  override readonly code = "BATCH" as const;
  /** The error of each failed item, by its index in the batch. */
  readonly failures: ReadonlyMap<number, unknown>;

  /**
   * Makes the error of a batch from the errors of its items.
   * @throws {TypeError} If `failures` is no Map, or empty; what was given is its `cause`.
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
 * Thrown by a `load` to say that its batch is too large: the batch is halved, and each half loaded
 * on its own, which counts as no further attempt. For a batch of one it is an error like any other.
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
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "SplitError";
  /** The class of the error. */
  override readonly name = "SplitError" as const;
  /** The kind of the error. */
  override readonly code = "SPLIT" as const;

  /** Makes the error of a batch that is too large. */
  constructor(message = "The batch is too large", options: { cause?: unknown } = {}) {
    super(message, options);
  }
}

/** A checkpoint is not what one has to be, so that nobody knows where to go on. */
export class CheckpointError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "CheckpointError";
  /** The class of the error. */
  override readonly name = "CheckpointError" as const;
  /** The kind of the error. */
  override readonly code = "CHECKPOINT" as const;
  /** The key of the checkpoint. */
  readonly key: string;

  /** Makes the error of the checkpoint of a key. */
  constructor(key: string, reason: string, options: { cause?: unknown } = {}) {
    super(`Cannot read checkpoint "${key}" as ${reason}`, options);
    this.key = key;
  }
}

/** Another run owns the key: this one may not write, and is stopped. */
export class FencedError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "FencedError";
  /** The class of the error. */
  override readonly name = "FencedError" as const;
  /** The kind of the error. */
  override readonly code = "FENCED" as const;
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run that owns the key, or has finished what this one lacks; where it is known. */
  readonly owner: string | undefined;

  /** Makes the error of a run that does not own a key. */
  constructor(key: string, owner?: string) {
    const words = owner === undefined ? "another run" : `run ${owner}`;
    super(`Checkpoint "${key}" belongs to ${words}`);
    this.key = key;
    this.owner = owner;
  }
}

/**
 * Returns true if a value is of a class. A class with a `millrace` of its own is the same in every
 * copy of the package, as an application may have two copies. A value that cannot be inspected is
 * of none.
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
    // What cannot be looked at is no error of this package.
  }
  return false;
}

/**
 * Message of an error. If it is empty: its code, and the message of its cause or of one of its
 * `errors`. If these are empty too, or if it is not an error, the value as text.
 */
export function messageOf(error: unknown): string {
  try {
    return wordsOf(error, new Set()) ?? String(error);
  } catch {
    return "a value that cannot be shown"; // Whoever asks has the value itself, as `cause`.
  }
}

/** Reads a property of whatever was thrown: `undefined` if it has none, or none that can be read. */
export function propertyOf(error: unknown, name: PropertyKey): unknown {
  try {
    return (error as Record<PropertyKey, unknown> | null | undefined)?.[name];
  } catch {
    return undefined; // A getter that throws, or a proxy.
  }
}

/** `seen` ends circles, and long chains of errors that say nothing. */
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
