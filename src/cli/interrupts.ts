import { exitCodes } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Work that can be stopped. What these calls return is not waited for. */
export interface Stoppable {
  /** Stops reading, and loads what was read. */
  drain(): unknown;
  /** Stops at once. */
  abort(): unknown;
}

/**
 * Lets Ctrl-C drain the work, a second one abort it, and a third one end the process. Returns a
 * function that gives Ctrl-C back, and tells how often it was pressed.
 */
export function stopOnInterrupt(work: Stoppable, terminal: Terminal): () => number {
  let pressed = 0;
  const release = terminal.onInterrupt(() => {
    pressed++;
    if (pressed === 1) {
      terminal.stderr.write("\nDraining: what was read is being loaded. Ctrl-C again aborts.\n");
      work.drain();
    } else if (pressed === 2) {
      terminal.stderr.write("\nAborting. Ctrl-C again ends the process.\n");
      work.abort();
    } else terminal.exit(exitCodes.aborted);
  });
  return () => {
    release();
    return pressed;
  };
}
