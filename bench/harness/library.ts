// The benches measure the files that users get from `npm run build`, not the sources. run.ts builds
// them again into bench/dist with the same settings, so that a stale build is never measured. The
// types come from the sources, so that the benches can be type-checked before a build.
import type * as Millrace from "../../src/index.ts";

const built = new URL("../dist/index.js", import.meta.url).href;

export const { BucketStream, chunks, etl, EtlManager, MemoryCheckpointStore }: typeof Millrace =
  await import(built);
