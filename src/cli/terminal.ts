/** Output for text: standard output or standard error. */
export interface Output {
  /** Writes text. */
  write(text: string): unknown;
  /** If true, it is a terminal that a person reads, not a file or another program. */
  readonly isTTY?: boolean | undefined;
  /** Width in columns, if it is a terminal. */
  readonly columns?: number | undefined;
  /** Height in lines, if it is a terminal. */
  readonly rows?: number | undefined;
}

/**
 * The parts of its process that a command may use. Tests pass in their own, so a command must not touch
 * `process`.
 */
export interface Terminal {
  /** Receives results only. */
  readonly stdout: Output;
  /** Receives progress, notes and errors. */
  readonly stderr: Output;
  /** The current folder, as an absolute path. Relative paths of the user start there. */
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
