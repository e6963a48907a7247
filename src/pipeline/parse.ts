import { EtlError } from "../errors.ts";
import { callable, fail } from "../options.ts";
import { isThenable } from "../runtime/thenable.ts";

/** Interface of schema libraries such as zod, valibot and arktype: see standardschema.dev. */
export interface StandardSchema<I = unknown, O = unknown> {
  /** The validator. */
  readonly "~standard": {
    /** Validates a value. */
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** The types, for the compiler only. */
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

/** Output of a schema for a value, or its issues. */
export type SchemaResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Issue that a schema reports. */
export interface SchemaIssue {
  /** Description of the issue. */
  readonly message: string;
  /** Path to the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A `transform` that returns the output of a schema for an item. It is a conditional type because TypeScript
 * infers nothing from a generic call that returns a function while it infers the types of a pipeline.
 */
export type Parser<S> = S extends { "~standard": { types?: { output: infer O } | undefined } }
  ? (item: unknown) => O | Promise<O>
  : never;

/** Issue of an item, with its path. */
export interface ItemIssue {
  /** Keys that lead from the item to the issue; empty if it is the item itself. */
  readonly path: readonly PropertyKey[];
  /** Message of the schema. */
  readonly message: string;
}

/** An item does not match the schema of `parse`. Retries do not repeat it by default. */
export class InvalidItemError extends EtlError {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "InvalidItemError";
  /** Name of the class. */
  override readonly name = "InvalidItemError" as const;
  /** Kind of the error. */
  override readonly code = "INVALID_ITEM" as const;
  /** All issues, in the order of the schema. */
  readonly issues: readonly ItemIssue[];

  /** Creates the error of an item from its issues; the message contains the first three. */
  constructor(issues: readonly ItemIssue[]) {
    const words = issues.slice(0, 3).map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`
    );
    const more = issues.length - words.length;
    super(`Invalid item: ${words.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
    this.issues = issues;
  }
}

/**
 * Creates a `transform` that validates each item with a schema and returns its output. Accepts any
 * Standard Schema, such as one of zod, valibot or arktype. An item that does not match fails with
 * an `InvalidItemError`. The transform is sync if the schema is.
 *
 * @example What does not match becomes a dead letter
 * ```ts
 * import { etl, InvalidItemError, parse } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { z } from "zod";
 *
 * const User = z.object({ id: z.number(), name: z.string().trim() });
 * const users: { id: number; name: string }[] = [];
 * const errors: unknown[] = [];
 * await etl({
 *   name: "users",
 *   extract: () => [{ id: 1, name: " Ada " }, { id: "2", name: "Bob" }],
 *   transform: parse(User),
 *   load: (rows) => void users.push(...rows),
 * }).run({ deadLetters: new WritableStream({ write: ({ error }) => void errors.push(error) }) });
 * deepEqual(users, [{ id: 1, name: "Ada" }]);
 * deepEqual((errors[0] as InvalidItemError).issues[0]?.path, ["id"]);
 * ```
 *
 * @throws {ConfigurationError} If `schema` is not a Standard Schema.
 */
export function parse<S extends StandardSchema>(schema: S): Parser<S> {
  const rules = (schema as StandardSchema | null | undefined)?.["~standard"];
  if (!callable.test(rules?.validate)) {
    fail("call parse()", "schema", "a Standard Schema, as of zod, valibot or arktype", schema);
  }
  const parser = (item: unknown) => {
    const result = rules!.validate(item);
    return isThenable(result) ? Promise.resolve(result).then(valueOf) : valueOf(result);
  };
  return parser as Parser<S>;
}

function valueOf<O>(result: SchemaResult<O>): O {
  if (result.issues === undefined) return result.value;
  throw new InvalidItemError(result.issues.map(({ message, path = [] }) => ({
    path: Array.from(path, (step) => typeof step === "object" ? step.key : step),
    message,
  })));
}
