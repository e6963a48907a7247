// Checked by the compiler alone: what streams infer, alone and in a chain, and what they refuse.
import { expectTypeOf } from "vitest";
import {
  batched,
  type BatchError,
  BucketStream,
  type CancelledError,
  type Chunks,
  chunks,
  type ConfigurationError,
  type EtlError,
  type FailureStage,
  LoaderStream,
  type ManagerError,
  ParallelMapStream,
  type PipelineError,
  type RunReport,
  skip,
  type Source,
} from "../../src/index.ts";

interface User {
  id: number;
  name: string;
}

declare const users: User[];
declare const stream: ReadableStream<User>;
declare const pages: ReadableStream<User[]>;
declare function generate(): AsyncGenerator<User>;
declare function saveNames(names: string[]): Promise<void>;

// Each is what the platform takes for a transform or a sink.
expectTypeOf(new BucketStream<User>()).toExtend<TransformStream<User, User[]>>();
expectTypeOf(new BucketStream<User>()).toExtend<ReadableWritablePair<User[], User>>();
expectTypeOf(new ParallelMapStream((n: number) => `${n}`))
  .toExtend<ReadableWritablePair<string, number>>();
expectTypeOf(new LoaderStream(saveNames)).toExtend<WritableStream<string[]>>();

// Batches of whatever a source gives.
expectTypeOf(batched(users)).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(new Set(users))).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(stream)).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(generate())).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(chunks(pages))).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(chunks([users]))).toEqualTypeOf<ReadableStream<User[]>>();
expectTypeOf(batched(pages)).toEqualTypeOf<ReadableStream<User[][]>>();
expectTypeOf(chunks(pages)).toEqualTypeOf<Chunks<User>>();
expectTypeOf<Chunks<User>>().toExtend<Source<User>>();
batched(stream, {
  sizeOf: (user) => {
    expectTypeOf(user).toEqualTypeOf<User>();
    return user.name.length;
  },
  flushWhen: (user) => user.id === 0,
  maxBytes: 100,
});
new BucketStream<User>({ sizeOf: (user) => user.id, maxBytes: undefined });
expectTypeOf(new BucketStream({ sizeOf: (user: User) => user.id }))
  .toEqualTypeOf<BucketStream<User>>();

// Results without `skip`, of sync and async calls.
expectTypeOf(new ParallelMapStream((user: User) => user.id > 5 ? user.name : skip))
  .toEqualTypeOf<ParallelMapStream<User, string>>();
expectTypeOf(new ParallelMapStream(async (user: User) => user.id > 5 ? user.name : skip))
  .toEqualTypeOf<ParallelMapStream<User, string>>();
expectTypeOf(new ParallelMapStream((user: User) => user.id > 5 ? user.name : undefined))
  .toEqualTypeOf<ParallelMapStream<User, string | undefined>>();
new ParallelMapStream((_: User, context) => {
  expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(context.index).toEqualTypeOf<number>();
});

// A chain of all of them.
const names = stream
  .pipeThrough(new BucketStream<User>({ batchSize: 2 }))
  .pipeThrough(new ParallelMapStream((batch: User[]) => batch.map(({ name }) => name)));
expectTypeOf(names).toEqualTypeOf<ReadableStream<string[]>>();
expectTypeOf(names.pipeTo(new LoaderStream(saveNames, { workers: 2 })))
  .toEqualTypeOf<Promise<void>>();
expectTypeOf(stream.pipeThrough(new BucketStream())).toEqualTypeOf<ReadableStream<User[]>>();
batched(stream).pipeTo(
  new LoaderStream((batch, { index, signal }) => {
    expectTypeOf(batch).toEqualTypeOf<User[]>();
    expectTypeOf(index).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  }),
);

// Wrong uses.
// @ts-expect-error Users are no numbers.
stream.pipeThrough(new BucketStream<number>());
// @ts-expect-error Batches are not items.
batched(stream).pipeThrough(new ParallelMapStream((user: User) => user.id));
// @ts-expect-error Items are not batches.
stream.pipeTo(new LoaderStream((batch: User[]) => batch.length));
// @ts-expect-error A number is no source.
batched(5);
// @ts-expect-error Items of users are no chunks.
chunks(stream);
// @ts-expect-error No such option.
new BucketStream({ size: 5 });
// @ts-expect-error Not a choice.
new BucketStream({ onError: "ignore" });
// @ts-expect-error Whether a bucket flushes is told by a boolean.
new BucketStream({ flushWhen: (user: User) => user.name });
// @ts-expect-error No such option.
new ParallelMapStream((user: User) => user.id, { workers: 5 });
// @ts-expect-error A function is needed.
new LoaderStream({ workers: 5 });

// Errors are told apart by their name or code.
declare const error:
  | ConfigurationError
  | PipelineError
  | CancelledError
  | ManagerError
  | BatchError;
if (error.code === "PIPELINE") {
  expectTypeOf(error).toEqualTypeOf<PipelineError>();
  expectTypeOf(error.stage).toEqualTypeOf<FailureStage>();
}
if (error.name === "ManagerError") expectTypeOf(error).toEqualTypeOf<ManagerError>();
if (error.code === "BATCH") {
  expectTypeOf(error.failures).toEqualTypeOf<ReadonlyMap<number, unknown>>();
}
expectTypeOf(error).toExtend<EtlError>();
expectTypeOf(error.cause).toEqualTypeOf<unknown>();
expectTypeOf(error.report).toEqualTypeOf<RunReport | undefined>();
expectTypeOf<ConfigurationError["code"]>().toEqualTypeOf<"CONFIGURATION">();
expectTypeOf<CancelledError["code"]>().toEqualTypeOf<"CANCELLED">();
