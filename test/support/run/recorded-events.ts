import {
  type BatchTimes,
  etl,
  type Pipeline,
  type Run,
  type RunEvent,
  type RunOptions,
} from "../../../src/index.ts";

/** A run of which every event is kept. */
export interface Recorded {
  readonly run: Run;
  readonly events: RunEvent[];
}

/** Starts a run whose events are kept; `onEvent` is told of each as well. */
export function record(
  pipeline: Omit<Pipeline<number, number>, "name">,
  options: RunOptions<number> = {},
  onEvent: (event: RunEvent, run: Run) => unknown = () => {},
): Recorded {
  const events: RunEvent[] = [];
  const observer = (event: RunEvent): unknown => {
    events.push(event);
    return onEvent(event, run);
  };
  const run = etl<number, number>({ name: "watched", ...pipeline }).start({ ...options, observer });
  return { run, events };
}

/** What kinds of events there were, in their order; those of a batch with its number. */
export function kinds(events: readonly RunEvent[]): string[] {
  return events.map((event) => {
    if ("sequence" in event) return `${event.type} ${event.sequence}`;
    return event.type === "run:failure" || event.type === "run:stall"
      ? `${event.type} ${event.stage}`
      : event.type;
  });
}

/** Times of a batch. */
export function times(
  batchedAt: number,
  transformedAt: number,
  loadStartedAt: number,
  endedAt: number,
): BatchTimes {
  return { batchedAt, transformedAt, loadStartedAt, endedAt };
}
