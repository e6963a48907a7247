/** The part that is used of any Standard Schema: zod, valibot, arktype and others. */
export interface StandardSchema<Output = unknown> {
  /** What the standard asks for. */
  readonly "~standard": {
    /** Checks a value, and gives what becomes of it. */
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Tells the type checker what goes in and what comes out. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema makes of a value. */
export interface StandardResult<Output> {
  /** What became of the value. */
  readonly value?: Output;
  /** Why it breaks the schema; none if it keeps it. */
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** One reason why a value breaks a schema. */
export interface StandardIssue {
  /** The reason, in words. */
  readonly message: string;
  /** Where in the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
