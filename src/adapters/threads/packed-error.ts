import { messageOf, propertyOf } from "../../errors.ts";

/** An error as it travels between threads, which keep neither classes nor properties of it. */
export type PackedError =
  | { readonly value: unknown }
  | {
    readonly name: string;
    readonly message: string;
    readonly stack: unknown;
    /** `code`, `issues` and whatever else it has that can be cloned. */
    readonly properties: Readonly<Record<string, unknown>>;
    readonly cause?: PackedError;
    readonly errors?: readonly PackedError[];
  };

const MAX_DEPTH = 8; // Of causes, which may be a circle.

/** The classes that an error is restored to; any other one is an `Error` of that name. */
const classes: Readonly<Record<string, ErrorConstructor | undefined>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Packs whatever was thrown. */
export function packError(error: unknown, depth = 0): PackedError {
  if (!(error instanceof Error)) return { value: isCloneable(error) ? error : messageOf(error) };
  const { name, message } = error;
  const stack = propertyOf(error, "stack");
  const properties: Record<string, unknown> = {};
  for (const key of ["code", ...Object.keys(error)]) {
    const value = propertyOf(error, key);
    const isTold = ["name", "message", "stack", "cause", "errors"].includes(key);
    if (!isTold && value !== undefined && isCloneable(value)) properties[key] = value;
  }
  const [cause, errors] = [propertyOf(error, "cause"), propertyOf(error, "errors")];
  const isDeep = depth >= MAX_DEPTH;
  return {
    name: String(name),
    message: String(message),
    stack: typeof stack === "string" ? stack : undefined,
    properties,
    ...(cause !== undefined && !isDeep && { cause: packError(cause, depth + 1) }),
    ...(Array.isArray(errors) && !isDeep &&
      { errors: errors.map((each) => packError(each, depth + 1)) }),
  };
}

/** The error again. */
export function unpackError(packed: PackedError): unknown {
  if ("value" in packed) return packed.value;
  const { name, message, stack, properties, cause, errors } = packed;
  const error = new (classes[name] ?? Error)(message);
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  if (error.name !== name) hidden("name", name);
  if (stack !== undefined) hidden("stack", stack);
  if (cause !== undefined) hidden("cause", unpackError(cause));
  if (errors !== undefined) hidden("errors", errors.map(unpackError));
  return Object.assign(error, properties);
}

/** Why a value cannot be sent to another thread; `undefined` if it can. */
export function whyNotCloneable(value: unknown): string | undefined {
  try {
    structuredClone(value);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/\.$/, ""); // A sentence goes on after it.
  }
}

function isCloneable(value: unknown): boolean {
  return whyNotCloneable(value) === undefined;
}
