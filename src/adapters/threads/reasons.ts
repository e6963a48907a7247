/**
 * Errors of threads, with advice on fixing them.
 * @module
 */
import { ConfigurationError, messageOf, propertyOf } from "../../errors.ts";
import { inWords } from "../../options.ts";
import type { Loss } from "./pool-thread.ts";
import { ThreadError } from "./thread-error.ts";

interface Named {
  readonly name: string;
  readonly timeout: number;
  readonly startTimeout: number;
}

/** An item that cannot be sent to a thread. */
export function inputError({ name }: Named, why: string): ThreadError {
  const advice = "give it plain data, and open connections and functions in the module";
  return new ThreadError(
    "input",
    `The item cannot be sent to a thread of ${name}: ${why}; ${advice}`,
  );
}

/** A result that cannot be sent back. */
export function outputError({ name }: Named, why: string): ThreadError {
  const advice = "return plain data";
  return new ThreadError(
    "output",
    `The result cannot be sent from a thread of ${name}: ${why}; ${advice}`,
  );
}

/** An item whose thread has ended, or was ended. */
export function lossError({ name, timeout }: Named, loss: Loss): ThreadError {
  if (loss.failure === "timeout") {
    const words = `The item took longer than ${timeout} ms in a thread of ${name}, which was ended`;
    return new ThreadError("timeout", `${words}; raise 'timeout' if it needs more`);
  }
  if (loss.failure === "error") {
    const { cause } = loss;
    const isMemory = propertyOf(cause, "code") === "ERR_WORKER_OUT_OF_MEMORY";
    const advice = isMemory
      ? "raise 'resourceLimits' if it needs more"
      : "catch it in the module: in a callback, or a promise that nobody waits for";
    const words = `A thread of ${name} ended by an error outside of its function`;
    return new ThreadError("error", `${words}: ${messageOf(cause)}; ${advice}`, { cause });
  }
  const code = loss.failure === "exit" ? loss.code : 0;
  const words = `A thread of ${name} ended with code ${messageOf(code)} at the item`;
  return new ThreadError("exit", `${words}; throw an error where the function calls exit or close`);
}

/** Returns the error of a module that is not a thread. */
export function startError({ name, startTimeout }: Named, given: unknown): ConfigurationError {
  const loss = given as Partial<Loss & { cause: unknown; code: unknown }> | undefined;
  const rule = "a module that can be loaded and calls thread(fn)";
  let words = messageOf(given);
  let cause = given;
  if (loss?.failure === "timeout") words = `not ready after ${startTimeout} ms`;
  else if (loss?.failure === "exit") words = `its thread ended with code ${messageOf(loss.code)}`;
  else if (loss?.failure === "error") {
    cause = loss.cause;
    words = cause === undefined ? "it was not found, or an error in it" : messageOf(cause);
  }
  if (loss?.failure === "timeout" || loss?.failure === "exit") cause = undefined;
  return new ConfigurationError(
    `Cannot start a thread as 'module' must be ${rule}: current value is ${
      inWords(name)
    }: ${words}`,
    { cause },
  );
}
