// The benches measure what users get: the files that `npm run build` makes, not the sources. run.ts
// builds them anew into bench/dist with the same settings, so that a stale build is never measured.
// The types come from the sources, so that the benches can be checked before anything is built.
import type * as Millrace from "../../src/index.ts";

const built = new URL("../dist/index.js", import.meta.url).href;

export const { BucketStream, chunks, etl, EtlManager, MemoryCheckpointStore }: typeof Millrace =
  await import(built);
