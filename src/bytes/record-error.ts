import { EtlError, messageOf } from "../errors.ts";
import { inWords } from "../plain-options.ts";

/** Place in an input. */
export interface InputPlace {
  /** The name of the input, `""` if it has none. */
  readonly name: string;
  /** The number of the line, from 1. */
  readonly line: number;
  /** The offset of the first byte, from 0. */
  readonly byte: number;
}

/**
 * Thrown by a reader when it meets a record that it cannot read. All records before it have been yielded.
 * `cause` is the error of the parser, if there is one.
 */
export class RecordError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "RecordError";
  /** The class of the error. */
  override readonly name = "RecordError" as const;
  /** The kind of the error. */
  override readonly code = "RECORD" as const;
  /** The name of the input, `""` if it has none. */
  readonly input: string;
  /** The number of the line in which the record begins, from 1. */
  readonly line: number;
  /** The offset of the first byte of the record, from 0. */
  readonly byte: number;

  /** Makes the error of a record from its reason and its place. */
  constructor(
    reason: string,
    place: InputPlace,
    options: { cause?: unknown; text?: string | undefined } = {},
  ) {
    const { name, line, byte } = place;
    const text = options.text === undefined ? "" : `: current value is ${inWords(options.text)}`;
    super(`Cannot read ${reason} (${nameOf(name)}line ${line}, byte ${byte})${text}`, options);
    this.input = name;
    this.line = line;
    this.byte = byte;
  }
}

/** Thrown when an input fails while it is being read because it is truncated, corrupt or too large. */
export class InputError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "InputError";
  /** The class of the error. */
  override readonly name = "InputError" as const;
  /** The kind of the error. */
  override readonly code = "INPUT" as const;
  /** The name of the input, `""` if it has none. */
  readonly input: string;
  /** The number of bytes that were read from it before it failed. */
  readonly byte: number;

  /** Makes the error of an input from its reason. */
  constructor(reason: string, name: string, byte: number, options: { cause?: unknown } = {}) {
    super(`Cannot read ${reason} (${nameOf(name)}after ${byte} bytes)`, options);
    this.input = name;
    this.byte = byte;
  }
}

/** Returns the error of an input that failed by itself, with the message of the original error. */
export function inputFailure(error: unknown, name: string, byte: number): InputError {
  return new InputError(`the input: ${messageOf(error)}`, name, byte, { cause: error });
}

function nameOf(name: string): string {
  return name === "" ? "" : `${name}, `;
}
