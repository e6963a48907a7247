import { messageOf } from "../../errors.ts";
import { finishedIn } from "../../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { ndjsonDeadLetters } from "../../dead-letters/ndjson-dead-letters.ts";
import { etl } from "../../etl/etl.ts";
import { counted } from "../../explain/quantities.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import type { RunReport } from "../../report-types.ts";
import type { Run } from "../../run/run.ts";
import { isDatabase } from "./copy-options.ts";
import type { Row } from "./endpoint.ts";
import { hostModules } from "../host-modules.ts";
import { forgetMarks } from "./marks.ts";
import type { CopyPlace } from "./parts.ts";
import type { CopyPlan } from "./plan.ts";
import { keepsMarks } from "./program.ts";
import { isPlain, rowMapper } from "./row-mapper.ts";
import { checkSameRows } from "./shape.ts";

/**
 * Starts a copy, from where an earlier one has ended.
 * @throws {ConfigurationError} If what is read has changed since, or the rows would be others.
 */
export async function startCopy(plan: CopyPlan, place: CopyPlace): Promise<Run> {
  const { options, source, target, rows } = plan;
  const hasMarks = keepsMarks(plan);
  if (hasMarks) await prepareMarks(plan);
  const marks: RunOptions<Row> = hasMarks
    ? {
      checkpoints: target.checkpoints!,
      fingerprint: source.fingerprint,
      ...(source.repeat === "source" && { resume: "source", position: source.position }),
    }
    : {};
  const copy = etl<Row, Row>({
    name: options.key,
    extract: (context) => source.rows(context),
    ...(!isPlain(rows) && { transform: rowMapper(rows) }),
    load: target.load,
    ...(target.end && { postProcess: target.end }),
  });
  return copy.start({
    batchSize: options.batchSize,
    workers: options.workers,
    deadLetters: await lettersOf(plan, place),
    ...(source.bytes !== undefined && { total: { bytes: source.bytes } }),
    ...marks,
  });
}

/** Forgets marks where that is wanted; refuses to go on with other rows than those that are there. */
async function prepareMarks({ options, source, target }: CopyPlan): Promise<void> {
  const store = target.checkpoints!;
  const { key, fresh } = options;
  if (fresh || target.isNew) return await forgetMarks(store, key);
  const found = await store.read(key);
  if (found === undefined || finishedIn(found) === 0) return;
  checkSameRows(options, source, found.fingerprint);
}

async function lettersOf(
  { options: { letters }, target }: CopyPlan,
  place: CopyPlace,
): Promise<(() => WritableStream<DeadLetter>) | undefined> {
  if (letters === undefined) return undefined;
  if (letters === "table" && target.letters) return target.letters;
  const { files } = await hostModules();
  const path = place.pathOf(letters);
  return () =>
    ndjsonDeadLetters(
      new WritableStream<Uint8Array>({ write: (line) => files.appendFile(path, line) }),
    );
}

/** Returns a sentence about the outcome of a copy. */
export function summaryOf(plan: CopyPlan, report: RunReport): string {
  const { options, source } = plan;
  const { from, to } = options.shown;
  const { loaded, deadLettered, duration, outcome, earlier: before } = report;
  const isDone = outcome === "completed";
  if (isDone && loaded + deadLettered === 0 && before > 0) {
    if (source.repeat === "source") return `Nothing to copy: no new rows in ${from}`;
    const set = report.earlierCounts?.deadLettered ?? 0;
    const but = set === 0
      ? ""
      : `, but for ${counted(set, "row")} that ${set === 1 ? "was" : "were"} given up on`;
    return `Nothing to copy: all rows of ${from} are in ${to}${but} (--fresh copies them again)`;
  }
  const verb = isDone ? "Copied" : "Stopped after";
  const lost = deadLettered === 0
    ? ""
    : `, gave up on ${counted(deadLettered, "row")} (see ${options.letters})`;
  const rest = before > 0
    ? `; ${counted(before, "row")} ${before === 1 ? "was" : "were"} done before`
    : "";
  const again = isDone || !keepsMarks(plan) ? "" : ". The same command goes on from there";
  const time = `${(duration / 1000).toFixed(1)} s`;
  return `${verb} ${counted(loaded, "row")} from ${from} to ${to} in ${time}${lost}${rest}${again}`;
}

/** Why a copy failed, and what can be done about it. */
export function failureOf(plan: CopyPlan, report: RunReport, error: unknown): string {
  const { letters, to } = plan.options;
  const lines = [messageOf(error)];
  const stages = ["extract", "transform", ...(isDatabase(to) ? ["load"] : [])]; // Files take any row.
  const isOfRow = stages.includes(report.failure?.stage ?? "");
  if (letters === undefined && isOfRow) lines.push("--letters bad.ndjson sets bad rows aside");
  if (report.loaded > 0) {
    const rest = keepsMarks(plan) ? ". The same command goes on after them" : "";
    lines.push(`${counted(report.loaded, "row")} copied before${rest}`);
  }
  return lines.join("\n");
}
