import type { RunFailure, RunReport } from "../report-types.ts";
import { counted } from "./quantities.ts";

/** Codes of failures that often pass: of connections, busy servers and locks. */
const passing =
  /^(?:E(?:CONN(?:RESET|REFUSED|ABORTED)|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN)|UND_ERR_\w+|SQLITE_(?:BUSY|LOCKED)|08\w{3}|40001|40P01|53\w{3}|57P0\d|429|50[234])$/;

const tooLong = /^The call took longer than \d/;
const malformed = /^Cannot read .*\(.*line \d+, byte \d+\)/s;
const tooManyLetters = /^More than .* dead letters$/s;

/** Returns advice about a failure, and where the next run resumes. */
export function failureAdvice(report: RunReport): readonly string[] {
  const { failure } = report;
  return failure === undefined ? [] : [remedyOf(failure, report), nextRunOf(failure, report)];
}

function remedyOf(failure: RunFailure, report: RunReport): string {
  const { stage, message, code, attempts } = failure;
  const ofCode = Object.hasOwn(byCode, String(code)) ? byCode[String(code)]! : "";
  if (ofCode !== "") return ofCode;
  if (stage === "deadLetters") {
    return tooManyLetters.test(message)
      ? "Remove the most frequent reason first, or raise `maxDeadLetters`."
      : "The target of the dead letters failed. No item was dropped for that.";
  }
  if (tooLong.test(message)) {
    const smaller = stage === "load" ? ", or lower `batchSize`, so that a call has less to do" : "";
    return `Raise \`attemptTimeout\`${smaller}.`;
  }
  if (stage === "extract" && malformed.test(message)) {
    return 'To set broken records aside, give the reader `malformed: "item"` and the run ' +
      "`deadLetters`.";
  }
  if (isStage(stage) && passing.test(String(code))) {
    return attempts === 1
      ? "Such a failure often passes: `retry` makes the call again."
      : "No item is to blame for such a failure. More `maxAttempts` or a longer `baseDelay` wait " +
        "for it to pass.";
  }
  return ofStage(failure, report);
}

const byCode: Readonly<Record<string, string>> = {
  FENCED: "Another run has taken over this key. Let one run at a time use it, or give each a " +
    "`partition`.",
  CHECKPOINT: "To start from the beginning, delete the checkpoint.",
  CONFIGURATION: "Correct what the message names. Another attempt does not help.",
};

function ofStage({ stage, batch }: RunFailure, report: RunReport): string {
  const { extracted, loaded, skipped, deadLettered } = report;
  if (stage === "postProcess" && extracted > 0 && loaded + skipped + deadLettered === extracted) {
    return "All items had been loaded before.";
  }
  // With dead letters, a batch fails a run only if they could not help.
  const hasLetters = report.deadLetterReasons?.length > 0;
  if (batch === undefined || hasLetters || (stage !== "load" && stage !== "transform")) return "";
  return "To load the others and set aside the items to blame, pass `deadLetters`.";
}

/** Says where the next run resumes. */
function nextRunOf({ code }: RunFailure, report: RunReport): string {
  const { checkpoint, earlier, loaded, skipped, deadLettered } = report;
  const done = loaded + skipped + deadLettered;
  if (code === "CHECKPOINT") return "";
  if (checkpoint === undefined) {
    return done > 0 ? "Without `checkpoints`, the next run starts from the beginning." : "";
  }
  const all = done + (earlier > 0 ? earlier : 0);
  return all > 0 ? `The next run goes on after what is finished: ${counted(all, "item")}.` : "";
}

function isStage(stage: string): boolean {
  return stage === "extract" || stage === "transform" || stage === "load";
}
