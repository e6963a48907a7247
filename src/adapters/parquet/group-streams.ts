import type { IndexedBody, PlacedBody, RowEncoder } from "../../bytes/row-encoder.ts";
import { magic } from "./row-group.ts";

/** Parts of the streams of an encoder. */
interface GroupStreamOptions<T> {
  /** The values of rows by columns. @throws {BatchError} If some rows do not fit. */
  values(rows: readonly T[]): unknown[][];
  /** A row group of them. */
  group(values: readonly unknown[][]): IndexedBody;
  /** The end of the file. */
  tail(bodies: readonly PlacedBody[]): Uint8Array;
  /** Rows in a group. */
  readonly size: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A pair of streams that collects rows until a group of them is full. */
export function groupStreams<T>(
  { values, group, tail, size }: GroupStreamOptions<T>,
): Pick<RowEncoder<T>, "readable" | "writable"> {
  const bodies: PlacedBody[] = [];
  let offset = magic.length;
  let held: unknown[][] = [];
  const write = (
    controller: TransformStreamDefaultController<Bytes>,
    rows: readonly unknown[][],
  ) => {
    const { bytes, about } = group(rows);
    bodies.push({ offset, about });
    offset += bytes.length;
    controller.enqueue(bytes as Bytes);
  };
  return new TransformStream<T | readonly T[], Bytes>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(magic)),
    transform(chunk, controller) {
      const rows: readonly T[] = Array.isArray(chunk) ? chunk : [chunk as T];
      if (rows.length === 0) return;
      const added = values(rows);
      held = added.map((column, index) => joined(held[index], column));
      while (held[0]!.length >= size) {
        write(controller, held.map((column) => column.slice(0, size)));
        held = held.map((column) => column.slice(size));
      }
    },
    flush(controller) {
      if (held[0]?.length) write(controller, held);
      controller.enqueue(tail(bodies) as Bytes);
    },
  });
}

function joined(held: unknown[] | undefined, added: unknown[]): unknown[] {
  if (held === undefined || held.length === 0) return added;
  for (const value of added) held.push(value);
  return held;
}
