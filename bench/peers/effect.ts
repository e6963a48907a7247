import { Effect, Stream } from "effect";
import { BATCH_SIZE, type Peer, type Source, TIMEOUT, toRow, WORKERS } from "./peer.ts";

function open(source: Source) {
  if (source.kind === "iterable") return Stream.fromIterable(source.items);
  if (source.kind === "async generator") return Stream.fromAsyncIterable(source.items, String);
  return Stream.fromReadableStream({ evaluate: () => source.items, onError: String });
}

export const peer: Peer = (source, load) =>
  open(source).pipe(
    Stream.groupedWithin(BATCH_SIZE, TIMEOUT),
    Stream.map((batch) => batch.map(toRow)),
    Stream.mapEffect((rows) => Effect.promise(() => load(rows)), {
      concurrency: WORKERS,
      unordered: true,
    }),
    Stream.runDrain,
    Effect.runPromise,
  );
