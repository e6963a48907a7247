import { environmentVariable, hostProcess } from "../../runtime/detect.ts";

/** Output for lines, such as `process.stderr`. */
export interface ProgressOutput {
  /** Writes text. The result is not awaited. */
  write(text: string): unknown;
  /** If true, it is a terminal, in which lines can be redrawn. */
  readonly isTTY?: boolean | undefined;
  /** The width of the terminal, read at every redraw; 80 if it is unknown. */
  readonly columns?: number | undefined;
  /** The height of the terminal, read at every redraw; 24 if it is unknown. */
  readonly rows?: number | undefined;
}

/** The standard error of the process, else the console. */
export function standardOutput(): ProgressOutput {
  const stderr = hostProcess()?.stderr;
  if (typeof stderr?.write === "function") return stderr;
  return { write: (text) => console.info(text.trimEnd()) };
}

/** Members of a stream of Node that are used. */
interface Emitter {
  write(text: string, done: (error?: unknown) => void): unknown;
  once(event: "error", listener: () => void): unknown;
}

/**
 * Returns a function that writes to an output until that fails. It handles rejections and error events,
 * which would otherwise end the process: a pipe closed by its reader, such as `head`, is no reason to
 * stop a run.
 */
export function writerTo(
  output: ProgressOutput,
  onError: (error: unknown) => void,
): (text: string) => void {
  let hasFailed = false;
  const fail = (error: unknown) => {
    hasFailed = true;
    onError(error);
  };
  return (text) => {
    if (hasFailed) return;
    if (isEmitter(output)) {
      // It is called before the event is emitted, as `console` of Node relies on as well.
      output.write(text, (error) => {
        if (!error || hasFailed) return;
        output.once("error", () => {}); // The error has been told.
        fail(error);
      });
    } else {
      const written = output.write(text);
      if (written instanceof Promise) written.catch(fail);
    }
  };
}

function isEmitter(output: object): output is Emitter {
  return "once" in output && typeof output.once === "function";
}

/** Returns true if lines can be redrawn: in an interactive terminal, not in CI. */
export function isRedrawable(output: ProgressOutput): boolean {
  if (output.isTTY !== true || environmentVariable("TERM") === "dumb") return false;
  return ["", "0", "false"].includes(environmentVariable("CI"));
}

/** Calls `run` if the process exits before the returned function is called; not if a signal kills it. */
export function beforeExit(run: () => void): () => void {
  const process = hostProcess();
  process?.on?.("exit", run);
  return () => void process?.off?.("exit", run);
}
