import { chunks, type Source } from "../../src/index.ts";
import { wait } from "../support/run/time.ts";
import type { Row } from "./database.ts";
import type { Plan } from "./plan.ts";

/** What a plan has to say of its source. */
type SourcePlan = Pick<Plan, "kind" | "count"> & {
  readonly delays: Pick<Plan["delays"], "source">;
};

/** The items from `first` on, in a source of the plan's kind, which fails at `failsAt`. */
export function sourceOf(plan: SourcePlan, first: number, failsAt: number): Source<Row> {
  const { kind, count, delays } = plan;
  const size = kind.startsWith("chunks") ? 3 : 1;
  const give = (n: number): Row[] => {
    if (n >= failsAt) throw new Error("the source fails");
    const end = Math.min(count, n + size, failsAt);
    return Array.from({ length: Math.max(0, end - n) }, (_, place) => ({ n: n + place }));
  };
  if (kind === "sync") return inTurn(first, give, (rows) => rows[0]!);
  if (kind === "chunks-sync") return chunks(inTurn(first, give, (rows) => rows));
  const later = async function* (): AsyncGenerator<Row[]> {
    for (let n = first;;) {
      if (delays.source > 0) await wait(delays.source);
      const rows = give(n);
      if (rows.length === 0) return;
      n += rows.length;
      yield rows;
    }
  };
  if (kind === "chunks-async") return chunks(later());
  if (kind === "chunks-stream") return chunks(streamOf(later(), (rows) => rows));
  if (kind === "stream") return streamOf(later(), (rows) => rows[0]!);
  return singly(later());
}

async function* singly(chunked: AsyncGenerator<Row[]>): AsyncGenerator<Row> {
  for await (const [row] of chunked) yield row!;
}

function* inTurn<C>(
  first: number,
  give: (n: number) => Row[],
  shape: (rows: Row[]) => C,
): Generator<C> {
  for (let n = first;;) {
    const rows = give(n);
    if (rows.length === 0) return;
    n += rows.length;
    yield shape(rows);
  }
}

function streamOf<C>(rows: AsyncGenerator<Row[]>, shape: (rows: Row[]) => C): ReadableStream<C> {
  return new ReadableStream<C>({
    pull: async (output) => {
      const { done, value } = await rows.next();
      if (done) output.close();
      else output.enqueue(shape(value));
    },
    cancel: async () => void await rows.return(undefined),
  }, { highWaterMark: 0 });
}
