import { parquetWriteBuffer } from "hyparquet-writer";
import type { Chunks } from "../../../src/index.ts";

/** Everything that a reader gives. */
export async function rowsOf<T>(source: Chunks<T>): Promise<T[]> {
  const rows: T[] = [];
  for await (const chunk of source.source) rows.push(...chunk);
  return rows;
}

/** A file of rows `{ id, name, note }`, in row groups of so many. */
export function tableFile(count: number, rowGroupSize: number, name = "table.parquet"): File {
  const ids = Array.from({ length: count }, (_, id) => id);
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "id", data: ids.map(BigInt), type: "INT64" },
      { name: "name", data: ids.map((id) => id % 3 === 0 ? null : `n${id}`), type: "STRING" },
      { name: "note", data: ids.map((id) => `${id}`.repeat(20)), type: "STRING" },
    ],
    rowGroupSize,
  });
  return new File([bytes], name);
}

/** The same bytes, with what was read of them. */
export async function watched(file: Blob): Promise<{
  readonly byteLength: number;
  readonly slice: (start: number, end?: number) => ArrayBuffer;
  readonly reads: [start: number, end: number][];
}> {
  const bytes = await file.arrayBuffer();
  const reads: [number, number][] = [];
  return {
    byteLength: bytes.byteLength,
    slice: (start, end = bytes.byteLength) => {
      reads.push([start, end]);
      return bytes.slice(start, end);
    },
    reads,
  };
}

/** A file of chunks of rows. */
export async function fileOf<T>(
  chunks: readonly (T | readonly T[])[],
  encoder: ReadableWritablePair<Uint8Array<ArrayBuffer>, T | readonly T[]>,
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = new ReadableStream<T | readonly T[]>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const parts: Uint8Array<ArrayBuffer>[] = []; // A Response would hide errors in Chromium.
  await rows.pipeThrough(encoder).pipeTo(
    new WritableStream({ write: (part) => void parts.push(part) }),
  );
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
