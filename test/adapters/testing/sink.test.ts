import { describe, expect, it } from "vitest";
import { type TestedSink, testSink } from "../../../src/adapters/testing.ts";
import { advance, type Checkpoint, type DoneRange } from "../../../src/checkpoints/checkpoint.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { countMutants } from "../../support/sinks/count-mutants.ts";
import { LateSink, LyingSink } from "../../support/sinks/held-sink.ts";
import { MemorySink, type Row } from "../../support/sinks/memory-sink.ts";
import { failuresOf } from "../../support/run/suite-failures.ts";

describe("testSink with a sink that is right", () => {
  testSink(it, { create: () => new MemorySink() });

  it("closes each sink, even one that fails", async () => {
    let open = 0;
    class Counted extends MemorySink {
      override insert = (): never => {
        throw new Error("no");
      };
      override close(): void {
        open--;
      }
    }
    const failures = await failuresOf((it) =>
      testSink(it, { create: () => (open++, new Counted()) })
    );
    expect(failures.length).toBeGreaterThan(10);
    expect(open).toBe(0);
  });
});

const row: Row = { id: 99, name: "name 99" };

/** A sink with one thing wrong, and the tests that find it. */
const mutants: [string, () => TestedSink, string[]][] = [
  ["a load that gives up, and writes later", () => new LateSink(), [
    "writes nothing later of a load that waited when its signal aborted",
  ]],
  ["a load that says it has failed, and has written", () => new LyingSink(), [
    "tells how a load ended whose signal aborted",
  ]],
  ["no link", () =>
    new (class extends MemorySink {
      override link = (load: MemorySink["load"]) => load;
      override readonly load = async (
        ...[rows, { runId, batch }]: Parameters<MemorySink["load"]>
      ) => this.commit(rows, runId, batch);
    })(), ["links its load to its checkpoints"]],
  ["rows only with checkpoints", () =>
    new (class extends MemorySink {
      override commit(...[rows, runId, batch]: Parameters<MemorySink["commit"]>): void {
        if (batch.key !== undefined) super.commit(rows, runId, batch);
      }
    })(), ["writes the rows of a run without checkpoints"]],
  ["rows one by one", () =>
    new (class extends MemorySink {
      override insert(rows: Row[]): void {
        for (const row of rows) super.insert([row]);
      }
    })(), [
    "writes none of the rows if one is refused, and goes on",
    "commits neither rows nor mark if a row is refused",
  ]],
  ["the mark before the rows", () =>
    new (class extends MemorySink {
      override commit(...[rows, runId, batch]: Parameters<MemorySink["commit"]>): void {
        if (batch.key === undefined) return super.commit(rows, runId, batch);
        super.commit([], runId, batch);
        this.insert(rows);
      }
    })(), ["commits neither rows nor mark if a row is refused"]],
  ["no mark", () =>
    new (class extends MemorySink {
      override mark(): void {}
    })(), ["commits rows and mark together"]],
  ["a mark without its positions", () =>
    new (class extends MemorySink {
      override mark(key: string, runId: string, { offset, done }: Checkpoint): void {
        const bare = done.map(([from, to]): DoneRange => [from, to]);
        super.mark(key, runId, { offset, done: bare, updatedAt: 1 });
      }
    })(), ["keeps what is finished out of order, with its positions"]],
  ...countMutants,
  ["a mark of the last load alone", () =>
    new (class extends MemorySink {
      override commit(...[rows, runId, batch]: Parameters<MemorySink["commit"]>): void {
        super.commit(rows, runId, batch);
        if (batch.key === undefined) return;
        this.mark(batch.key, runId, advance({ offset: 0, done: [], updatedAt: 1 }, batch.ranges!));
      }
    })(), ["keeps what is finished out of order, with its positions"]],
  ["marks that are read too early", () =>
    new (class extends MemorySink {
      override readonly load: MemorySink["load"] = this.link(async (rows, { runId, batch }) => {
        const before = batch.key && this.store.read(batch.key);
        await this.begin();
        this.commit(rows, runId, batch);
        if (!batch.key) return;
        this.mark(
          batch.key,
          runId,
          advance(before || { offset: 0, done: [], updatedAt: 1 }, batch.ranges!),
        );
      });
    })(), ["keeps what several loads at once have finished"]],
  ["one mark for all keys", () =>
    new (class extends MemorySink {
      override isDone(_: Checkpoint, ranges: readonly DoneRange[], attempt: number): boolean {
        return super.isDone(this.#last, ranges, attempt);
      }
      #last: Checkpoint = { offset: 0, done: [], updatedAt: 0 };
      override mark(key: string, runId: string, checkpoint: Checkpoint): void {
        this.#last = checkpoint;
        super.mark(key, runId, checkpoint);
      }
    })(), ["keeps the marks of keys apart"]],
  ["writes that replace", () =>
    new (class extends MemorySink {
      override write(key: string, checkpoint: Checkpoint): void {
        this.store.write(key, checkpoint);
      }
    })(), ["forgets nothing when a checkpoint is written that is behind"]],
  ["writes that do nothing", () =>
    new (class extends MemorySink {
      override write(): void {}
    })(), ["writes nothing once a checkpoint says that it is done"]],
  ["rows written again in a first attempt", () =>
    new (class extends MemorySink {
      override isDone(...[mark, ranges, attempt]: Parameters<MemorySink["isDone"]>): boolean {
        return attempt > 1 && super.isDone(mark, ranges, attempt);
      }
    })(), ["writes nothing twice in attempt 1"]],
  ["rows written again in a later attempt", () =>
    new (class extends MemorySink {
      override isDone(...[mark, ranges, attempt]: Parameters<MemorySink["isDone"]>): boolean {
        return attempt === 1 && super.isDone(mark, ranges, attempt);
      }
    })(), ["writes nothing twice in attempt 2"]],
  ["rows taken for done below any that are", () =>
    new (class extends MemorySink {
      override isDone({ offset, done }: Checkpoint, ranges: readonly DoneRange[]): boolean {
        const end = done.at(-1)?.[1] ?? offset;
        return ranges.every(([, to]) => to <= end);
      }
    })(), ["keeps what is finished out of order, with its positions"]],
  ["gaps taken for done", () =>
    new (class extends MemorySink {
      override mark(key: string, runId: string, { offset, done }: Checkpoint): void {
        super.mark(key, runId, { offset: done.at(-1)?.[1] ?? offset, done: [], updatedAt: 1 });
      }
    })(), ["writes what is finished in part alone"]],
  [
    "rows written again of a batch that another run has finished in part",
    () =>
      new (class extends MemorySink {
        override checkMark(): void {}
      })(),
    ["writes nothing of a batch that another run has finished in part"],
  ],
  ["no rows where some of the batch are given up on", () =>
    new (class extends MemorySink {
      override checkMark(...[mark, checkpoint]: Parameters<MemorySink["checkMark"]>): void {
        super.checkMark(mark, { ...checkpoint, runId: "?" });
      }
    })(), ["writes a batch of which the run has given up on some items"]],
  ["no fence", () =>
    new (class extends MemorySink {
      override checkOwner(): void {}
      override mark(key: string, _: string, checkpoint: Checkpoint): void {
        const runId = this.owners.get(key);
        this.store.write(key, { ...checkpoint, ...(runId !== undefined && { runId }) });
      }
    })(), [
    "writes nothing for a run that does not own the key",
    "writes nothing for a run whose key was taken over",
  ]],
  ["a fence behind the rows", () =>
    new (class extends MemorySink {
      override checkOwner(): void {}
    })(), [
    "writes nothing for a run that does not own the key",
    "writes nothing for a run whose key was taken over",
  ]],
  ["a fence that keeps everybody out", () =>
    new (class extends MemorySink {
      override checkOwner(key: string): void {
        super.checkOwner(key, "nobody");
      }
    })(), ["lets the owner of the key load"]],
  ["the fence of the first owner", () =>
    new (class extends MemorySink {
      override claim(...[key, claim, now]: Parameters<MemorySink["claim"]>) {
        const first = this.owners.get(key) ?? claim.runId;
        const held = super.claim(key, claim, now);
        this.owners.set(key, first);
        return held;
      }
    })(), ["writes nothing for a run whose key was taken over"]],
  ["no claims", () => {
    const sink = new MemorySink();
    const { claim: _, release: __, ...checkpoints } = sink.checkpoints;
    return Object.assign(sink, { checkpoints });
  }, ["lets the owner of the key load"]],
  ["dead letters among the rows", () =>
    new (class extends MemorySink {
      override deadLetters(): WritableStream<DeadLetter> {
        return new WritableStream({ write: () => void this.table.set(99, row) });
      }
    })(), ["takes dead letters, one stream after the other"]],
  ["one stream of dead letters", () =>
    new (class extends MemorySink {
      readonly #stream = new WritableStream<DeadLetter>();
      override deadLetters = () => this.#stream;
    })(), ["takes dead letters, one stream after the other"]],
  ["a load that may be used twice", () =>
    new (class extends MemorySink {
      override readonly load = this.link((rows, context) => this.send(rows, context, true));
    })(), [
    "refuses a second use in one load, one after the other, and marks nothing",
    "refuses a second use in one load, side by side, and marks nothing",
    "marks nothing for a function around it, which may still fail",
    "writes nothing once its signal has aborted",
  ]],
  ["a load that may never be used twice", () =>
    new (class extends MemorySink {
      readonly #used = new WeakSet<object>();
      override async send(...[rows, context, isMarked]: Parameters<MemorySink["send"]>) {
        if (this.#used.has(context)) throw new Error("It was used already");
        this.#used.add(context);
        await super.send(rows, context, isMarked);
      }
    })(), ["lets two loads write the same batch without checkpoints"]],
  ["rows without a mark that are written again", () =>
    new (class extends MemorySink {
      override isKnown = () => false;
    })(), ["writes nothing twice where a function around it fails and is tried again"]],
  ["a wrapped load that waits for nothing", () => {
    const sink = new MemorySink();
    const wrap: MemorySink["wrap"] = (fn) => (rows, context) =>
      fn(rows, context, (rows) => sink.send([...rows], context as never, true));
    return Object.assign(sink, { wrap });
  }, [
    "commits what its wrapped load is given once the function is done",
    "commits nothing where the function of its wrapped load fails",
  ]],
  ["properties that are left out", () =>
    new (class extends MemorySink {
      override refuse(): void {}
    })(), ["leaves no property out in silence"]],
  ["columns that each row has to fill", () =>
    new (class extends MemorySink {
      override check(rows: Row[], runId: string): void {
        super.check(rows, runId);
        this.refuse(rows.filter((row) => [...this.columns!].some((name) => !(name in row))));
      }
    })(), ["leaves a column to the table that a row has no property for"]],
  ["an error of each row where there is no table", () =>
    new (class extends MemorySink {
      override check(): void {
        if (this.columns === undefined) throw new Error("There is no table");
      }
    })(), ["says that its table is not there, and makes no letter of any row"]],
  ["columns that are looked up once", () =>
    new (class extends MemorySink {
      override check(rows: Row[]): void {
        super.check(rows, "the first run");
      }
    })(), ["looks at its table again in each run"]],
  ["nobody who looks for the mark", () =>
    new (class extends MemorySink {
      override hasMark = () => false;
    })(), ["has 1 rows once where the answer to a commit is lost"]],
  ["nobody who looks for the mark, also of a part", () =>
    new (class extends MemorySink {
      override hasMark = () => false;
      override isDone = () => false;
    })(), ["has 3 rows once where the answer to a commit is lost"]],
  ["a row that is lost", () =>
    new (class extends MemorySink {
      override rows(): Row[] {
        return super.rows().filter(({ id }) => id !== 19);
      }
    })(), ["has each row once after a run that failed and one that did not"]],
];

describe("testSink()", () => {
  it.each(mutants)("fails for %s", async (_, create, names) => {
    const failures = await failuresOf((it) => testSink(it, { create }));
    expect(failures).toEqual(expect.arrayContaining(names));
  });

  it("has no test that never fails", async () => {
    const names: string[] = [];
    testSink((name) => void names.push(name), { create: () => new MemorySink() });
    const found = new Set(mutants.flatMap(([, , names]) => names));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});
