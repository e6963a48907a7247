// Checked by the compiler alone: what a pipeline infers, and what it refuses.
import { expectTypeOf } from "vitest";
import {
  type BatchInfo,
  chunks,
  type Etl,
  etl,
  EtlManager,
  type LoadContext,
  type ManagerReport,
  many,
  type Outcome,
  type Pipeline,
  type PipelineContext,
  type Run,
  type RunReport,
  type RunSnapshot,
  skip,
  wholeBatch,
} from "../../src/index.ts";

interface User {
  id: number;
  name: string;
}

declare const users: User[];
declare const stream: ReadableStream<User>;
declare const pages: ReadableStream<User[]>;
declare function generate(): AsyncGenerator<User>;
declare function generatePages(): AsyncGenerator<readonly User[]>;
const load = () => {};
const name = "users";

// E comes from the source, and T is E without a transform.
expectTypeOf(etl({ name, extract: () => users, load })).toEqualTypeOf<Etl<User, User>>();
expectTypeOf(etl({ name, extract: () => new Set(users), load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => stream, load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => generate(), load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: generate, load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: async () => users, load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: async () => stream, load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => chunks(pages), load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: async () => chunks(pages), load })).toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => chunks(generatePages()), load }))
  .toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => chunks([users, users]), load }))
  .toEqualTypeOf<Etl<User>>();
expectTypeOf(etl({ name, extract: () => pages, load })).toEqualTypeOf<Etl<User[]>>();
expectTypeOf(etl({
  name,
  *extract() {
    yield 1;
  },
  load: (items) => expectTypeOf(items).toEqualTypeOf<number[]>(),
})).toEqualTypeOf<Etl<number>>();
expectTypeOf(etl({
  name,
  async *extract() {
    yield "a";
  },
  load: (items) => expectTypeOf(items).toEqualTypeOf<string[]>(),
})).toEqualTypeOf<Etl<string>>();

// T comes from the transform, sync or async, without `skip`; `load` gets it.
etl({
  name,
  extract: () => users,
  transform: (user) => {
    expectTypeOf(user).toEqualTypeOf<User>();
    return user.name;
  },
  load: (items) => expectTypeOf(items).toEqualTypeOf<string[]>(),
});
etl({
  name,
  extract: () => users,
  transform: async (user) => user.id,
  load: (items) => expectTypeOf(items).toEqualTypeOf<number[]>(),
});
etl({
  name,
  extract: () => users,
  transform: (user) => user.id > 5 ? user.name : skip,
  load: (items) => expectTypeOf(items).toEqualTypeOf<string[]>(),
});
etl({
  name,
  extract: () => users,
  transform: async (user) => user.id > 5 ? { key: user.id } : skip,
  load: async (items) => expectTypeOf(items).toEqualTypeOf<{ key: number }[]>(),
});
etl({
  name,
  extract: () => users,
  transform: (user) => user.id > 5 ? undefined : user.name, // A value, unlike `skip`.
  load: (items) => expectTypeOf(items).toEqualTypeOf<(string | undefined)[]>(),
});
etl({
  name,
  extract: () => chunks(pages),
  transformBatch: (batch) => {
    expectTypeOf(batch).toEqualTypeOf<User[]>();
    return batch.map(({ id }) => id);
  },
  load: (items) => expectTypeOf(items).toEqualTypeOf<number[]>(),
});
etl({
  name,
  extract: () => users,
  transformBatch: async (batch) => batch.map((user) => user.id > 5 ? user.name : skip),
  load: (items) => expectTypeOf(items).toEqualTypeOf<string[]>(),
});

// Several rows of an item are of the type of one.
interface Line {
  user: number;
  text: string;
}
declare const lines: Line[];
const isLines = (rows: Line[]) => expectTypeOf(rows).toEqualTypeOf<Line[]>();
etl({ name, extract: () => users, transform: () => many(lines), load: isLines });
etl({ name, extract: () => users, transform: () => many(lines), load: (rows) => isLines(rows) });
expectTypeOf(etl({ name, extract: () => users, transform: () => many(lines), load }))
  .toEqualTypeOf<Etl<User, Line>>();
expectTypeOf(etl({ name, extract: () => users, transform: async () => many(lines), load }))
  .toEqualTypeOf<Etl<User, Line>>();
expectTypeOf(etl({
  ...{ name, extract: () => users, load },
  transform: ({ id, name }: User) =>
    id === 0 ? skip : id === 1 ? { user: id, text: name } : many([{ user: id, text: name }]),
})).toEqualTypeOf<Etl<User, { user: number; text: string }>>();
etl({
  name,
  extract: () => users,
  transform: ({ id, name }) => many(id === 0 ? [] : [{ id, initial: name[0] }]),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<{ id: number; initial: string | undefined }[]>(),
});
etl({
  name,
  extract: () => users,
  transformBatch: (batch) => batch.map(({ id, name }) => id > 5 ? many([name]) : skip),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<string[]>(),
});
etl({
  name,
  extract: () => users,
  transformBatch: async (batch) => wholeBatch([batch.length]),
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<number[]>(),
});
etl({
  name,
  extract: () => users,
  transformBatch: (batch) => wholeBatch([{ rows: batch.length }]), // A row may well be so.
  load: (rows) => expectTypeOf(rows).toEqualTypeOf<{ rows: number }[]>(),
});

// Methods infer as well as arrows do, whatever stands between them.
const methods = etl({
  name,
  preProcess(context) {
    expectTypeOf(context).toEqualTypeOf<PipelineContext>();
  },
  extract(context) {
    expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
    return stream;
  },
  transform(user, context) {
    expectTypeOf(context).toEqualTypeOf<PipelineContext>();
    return `${user.name} ${context.runId}`;
  },
  load(items, context) {
    expectTypeOf(items).toEqualTypeOf<string[]>();
    expectTypeOf(context).toEqualTypeOf<LoadContext>();
    expectTypeOf(context.batch).toEqualTypeOf<BatchInfo>();
  },
  postProcess(context) {
    expectTypeOf(context.pipeline).toEqualTypeOf<string>();
  },
  finalize(outcome) {
    expectTypeOf(outcome).toEqualTypeOf<Outcome>();
  },
});
expectTypeOf(methods).toEqualTypeOf<Etl<User, string>>();

// A class that implements the interface.
class Users implements Pipeline<User, string> {
  readonly name = "users";
  readonly rows: string[] = [];
  extract(): ReadableStream<User> {
    return stream;
  }
  transform(user: User): string | typeof skip {
    return user.id > 5 ? user.name : skip;
  }
  load(items: string[]): void {
    this.rows.push(...items);
  }
}
expectTypeOf(etl(new Users())).toEqualTypeOf<Etl<User, string>>();

class Copies implements Pipeline<User> {
  readonly name = "copies";
  async *extract(): AsyncGenerator<User> {
    yield* users;
  }
  async load(items: User[]): Promise<number> {
    return await Promise.resolve(items.length);
  }
}
expectTypeOf(etl(new Copies())).toEqualTypeOf<Etl<User>>();

// Options get the item of the source.
const copies = etl({ name, extract: () => users, load });
etl({ name, extract: () => users, load }, { sizeOf: (user) => user.name.length, maxBytes: 1e6 });
copies.run({
  sizeOf: (user) => {
    expectTypeOf(user).toEqualTypeOf<User>();
    return user.id;
  },
  flushWhen: ({ name }) => name === "last",
  onProgress: (snapshot) => expectTypeOf(snapshot).toEqualTypeOf<RunSnapshot>(),
});
copies.start({ signal: AbortSignal.timeout(5), workers: undefined });

// What runs give.
expectTypeOf(copies.run()).toEqualTypeOf<Promise<RunReport>>();
expectTypeOf(copies.start()).toEqualTypeOf<Run>();
// A run is named without types, whatever its pipeline reads and loads.
const runs: Run[] = [
  copies.start(),
  etl({ name: "n", extract: () => [1], load: (_: number[]) => {} }).start(),
];
expectTypeOf(runs[0]!.finished).toEqualTypeOf<Promise<RunReport>>();
expectTypeOf(copies.start().finished).toEqualTypeOf<Promise<RunReport>>();
expectTypeOf(copies.start().drain()).toEqualTypeOf<Promise<RunReport>>();
expectTypeOf(copies.start().progress({ interval: 5 })).toEqualTypeOf<ReadableStream<RunSnapshot>>();
expectTypeOf<RunReport["bottleneck"]>().toEqualTypeOf<"extract" | "transform" | "load">();
expectTypeOf<RunReport["outcome"]>()
  .toEqualTypeOf<"completed" | "drained" | "paused" | "aborted" | "failed">();

// A manager takes pipelines of any item.
const manager = new EtlManager({ workers: 2, batchSize: 10 })
  .add(copies)
  .add(methods, { after: ["copies"] })
  .add(etl(new Users()), { after: ["copies"] as const });
expectTypeOf(manager).toEqualTypeOf<EtlManager>();
expectTypeOf(manager.runAll({ signal: AbortSignal.timeout(5) }))
  .toEqualTypeOf<Promise<ManagerReport>>();
expectTypeOf<ManagerReport["reports"][number]["outcome"]>().toEqualTypeOf<Outcome | "skipped">();
new EtlManager({ maxBytes: 5, sizeOf: (item: { size: number }) => item.size });

// Wrong uses.
// @ts-expect-error A name is needed.
etl({ extract: () => users, load });
// @ts-expect-error A source is needed.
etl({ name, load });
// @ts-expect-error What is extracted has to be loaded.
etl({ name, extract: () => users });
// @ts-expect-error A number is no source.
etl({ name, extract: () => 5, load });
// @ts-expect-error A transform of something else than the items.
etl({ name, extract: () => users, transform: (user: string) => user, load });
// @ts-expect-error A load of something else than what the transform gives.
etl({ name, extract: () => users, transform: (user) => user.id, load: (_: string[]) => {} });
// @ts-expect-error Rows of no single item are those of a batch.
etl<User, Line>({ name, extract: () => users, transform: () => wholeBatch(lines), load });
// @ts-expect-error Rows of one item are not those of a batch.
etl<User, Line>({ name, extract: () => users, transformBatch: () => many(lines), load });
// @ts-expect-error A batch has to give an array.
etl({ name, extract: () => users, transformBatch: (batch: User[]) => batch.length, load });
// @ts-expect-error No such member.
etl({ name, extract: () => users, load, loads: 1 });
// @ts-expect-error Only arrays can be chunks.
chunks(users);
// @ts-expect-error No such option.
copies.run({ batchsize: 5 });
// @ts-expect-error Not a number.
copies.run({ batchSize: "5" });
// @ts-expect-error The item is a user.
copies.run({ sizeOf: (item: string) => item.length });
// @ts-expect-error Not a choice.
copies.run({ onError: "ignore" });
// @ts-expect-error The signal is that of `runAll`.
new EtlManager({ signal: AbortSignal.timeout(5) });
// @ts-expect-error A pipeline is made by `etl`.
manager.add({ name, extract: () => users, load });
// @ts-expect-error Names, not pipelines.
manager.add(copies, { after: [copies] });
// @ts-expect-error A report cannot be changed.
copies.start().snapshot().loaded = 5;
export class Wrong implements Pipeline<User, string> {
  readonly name = "wrong";
  extract = () => users;
  // @ts-expect-error It is to load strings.
  load(items: number[]): void {
    items.pop();
  }
}
