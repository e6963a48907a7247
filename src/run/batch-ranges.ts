import { checkPosition, type DoneRange } from "../checkpoints/checkpoint.ts";
import { rangesOfAll, rangesOfIndices } from "../checkpoints/offset-tracker.ts";
import { Exhausted } from "../retry/recovery.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Batch } from "./batch.ts";
import type { RunContext } from "./run-context.ts";

/**
 * The offsets of some items of a batch, or of all, with their positions where these are kept. Throws
 * `Exhausted` if a position cannot be told.
 */
export function rangesFor<E, T>(
  run: RunContext<E, T>,
  batch: Batch<E, T>,
  indices?: readonly number[],
): readonly DoneRange[] {
  const { ranges } = batch;
  const positions = run.checkpointWriter && positionsIn(run, batch);
  if (positions === undefined && indices === undefined) return ranges;
  const offsets = indices === undefined ? rangesOfAll(ranges) : rangesOfIndices(ranges, indices);
  if (positions === undefined) return offsets.map(([from, to]) => [from, to]);
  return offsets.flatMap(([from, to, last]): DoneRange[] => {
    // No position is known of what could not be read, so that it stands apart until more is finished.
    let end = to;
    while (end > from && batch.malformed?.has(last - (to - end))) end--;
    const after: DoneRange[] = end < to ? [[end, to, null]] : [];
    if (end === from) return after;
    const position = positions[last - (to - end)];
    if (position instanceof Unknown) {
      throw new Exhausted([position.error], 1, batch.items, "checkpoints");
    }
    return [[from, end, position], ...after];
  });
}

/** Stands for the position of an item that the user's function has thrown for. */
class Unknown {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * The position of each item of a batch. They are all checked, as any item may become the last of
 * those that are finished, and one that cannot be kept would leave the next run without a place to
 * begin at. What is thrown for an item is told where that item is such a last one.
 */
function positionsIn<E, T>(
  { settings: { position }, pipeline }: RunContext<E, T>,
  batch: Batch<E, T>,
): readonly unknown[] | undefined {
  if (position === undefined || batch.positions !== undefined) return batch.positions;
  const positionOf = (item: E) => {
    try {
      return position(item);
    } catch (error) {
      return new Unknown(error);
    }
  };
  try {
    batch.positions = batch.items.map((item, index) =>
      batch.malformed?.has(index) ? undefined : checked(pipeline.name, positionOf(item))
    );
  } catch (error) {
    throw new Exhausted([error], 1, batch.items, "checkpoints");
  }
  return batch.positions;
}

/** The position of an item of a run that has positions. Throws what the user's function does. */
export function positionFor<E, T>({ settings, pipeline }: RunContext<E, T>, item: E): unknown {
  return checked(pipeline.name, settings.position!(item));
}

/** A position that can be kept. */
function checked(name: string, position: unknown): unknown {
  if (position instanceof Unknown) return position;
  if (isThenable(position)) position.then(undefined, () => {}); // It is refused; nobody waits for it.
  checkPosition(`run pipeline "${name}"`, position);
  // Of an object that is used again for the next item a copy is needed at once.
  return typeof position === "object" ? JSON.parse(JSON.stringify(position)) as unknown : position;
}
