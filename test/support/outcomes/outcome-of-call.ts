/** What a call came to: its value, or what it threw. */
export interface CallOutcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

/** Calls a function that may throw. */
export function outcomeOfCall(call: () => unknown): CallOutcome {
  try {
    return { value: call() };
  } catch (error) {
    return { error };
  }
}
