/** Where text goes: standard output, or standard error. */
export interface Output {
  /** Writes text. */
  write(text: string): unknown;
  /** If true, a person reads it, not a file or another program. */
  readonly isTTY?: boolean | undefined;
  /** Width in columns, where it is a terminal. */
  readonly columns?: number | undefined;
  /** Height in lines, where it is a terminal. */
  readonly rows?: number | undefined;
}

/**
 * All that a command knows of the process that it runs in. Tests hand over one of their own, so a
 * command must not touch `process`.
 */
export interface Terminal {
  /** Takes results, and nothing else. */
  readonly stdout: Output;
  /** Takes progress, notes and errors. */
  readonly stderr: Output;
  /** The current folder, as an absolute path. Paths of the user are relative to it. */
  readonly folder: string;
  /** The environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Calls `listener` at each Ctrl-C and each SIGTERM, instead of ending the process. Returns a
   * function that removes it again.
   */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once. Used only when the user insists, by a third Ctrl-C. */
  exit(code: number): void;
}
