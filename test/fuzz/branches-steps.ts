import {
  distinct,
  drop,
  filter,
  flatMap,
  lookup,
  map,
  type Operator,
  pipe,
  scan,
  take,
  tap,
} from "../../src/adapters/operators.ts";
import type { Chunks, Source } from "../../src/index.ts";
import { wait } from "../support/run/time.ts";
import type { BranchesPlan } from "./branches-plan.ts";
import { sourceOf } from "./source.ts";

/** What the pipelines load. Ids ascend, whatever operators there are. */
export interface Row {
  readonly id: number;
  readonly name: string;
}

/** An operator and what it does to an array. */
interface Step {
  readonly make: () => readonly Operator<Row, Row>[];
  readonly model: (rows: Row[]) => Row[];
}

const most = 3; // Rows that one becomes.
const hash = (id: number) => Math.imul(id + 7, 2654435761) >>> 9;
const named = (row: Row, word: string): Row => ({ ...row, name: (row.name + word).slice(-8) });
const isKept = ({ id }: Row) => hash(id) % 5 > 0;
const parts = ({ id, name }: Row) =>
  Array.from({ length: hash(id) % (most + 1) }, (_, part) => ({ id: id * most + part, name }));

/** By which a row has the number of those that came before it. */
function numbered(): (row: Row) => Row {
  let count = 0;
  return (row) => named(row, `${count++}`);
}

function differing(): (row: Row) => boolean {
  const known = new Set<number>();
  return ({ id }) => known.size < known.add(hash(id) % 11).size;
}

const steps = {
  map: {
    make: () => [map((row) => named(row, "m"))],
    model: (rows) => rows.map((row) => named(row, "m")),
  },
  filter: { make: () => [filter(isKept)], model: (rows) => rows.filter(isKept) },
  flatMap: { make: () => [flatMap(parts)], model: (rows) => rows.flatMap(parts) },
  tap: { make: () => [tap(() => {})], model: (rows) => rows },
  later: {
    make: () => [
      map(async (row) => {
        if (row.id % 2 > 0) await wait(row.id % 3);
        return named(row, "l");
      }, { concurrency: 3 }),
    ],
    model: (rows) => rows.map((row) => named(row, "l")),
  },
  lookup: {
    make: () => [
      lookup({
        key: ({ id }: Row) => id % 4,
        load: async (ids: number[]) => ids.map((id) => [id, `${id}`]),
        batchSize: 2,
        cache: 2,
      }) as unknown as Operator<Row, Row>,
      map((pair) => {
        const [row, found] = pair as unknown as [Row, string];
        return named(row, found);
      }),
    ],
    model: (rows) => rows.map((row) => named(row, `${row.id % 4}`)),
  },
  distinct: {
    make: () => [distinct({ by: ({ id }) => hash(id) % 11, max: Infinity })],
    model: (rows) => rows.filter(differing()),
  },
  take: { make: () => [take(9)], model: (rows) => rows.slice(0, 9) },
  drop: { make: () => [drop(2)], model: (rows) => rows.slice(2) },
  scan: {
    make: () => {
      let next = numbered();
      const add = (_: Row, row: Row) => next(row);
      return [scan(add, () => (next = numbered(), { id: 0, name: "" }))];
    },
    model: (rows) => rows.map(numbered()),
  },
} satisfies Record<string, Step>;

/** The name of an operator of a plan. */
export type StepName = keyof typeof steps;

const items = (count: number) => Array.from({ length: count }, (_, id): Row => ({ id, name: "" }));

/** All rows that come out of a plan's operators. */
export function rowsOf(plan: BranchesPlan): Row[] {
  return plan.steps.reduce((rows, name) => steps[name].model(rows), items(plan.count));
}

/** How many items the source of a plan has before the one that a row was made of. */
export function placeOf(plan: BranchesPlan, id: number): number {
  return plan.steps.reduce((id, name) => name === "flatMap" ? Math.floor(id / most) : id, id);
}

/** A source through all operators of a plan; what is not above `after` was given before. */
export function piped(plan: BranchesPlan, after: number): Chunks<Row> {
  const source = sourceOf(plan, placeOf(plan, Math.max(0, after)), Infinity);
  const operators = plan.steps.flatMap((name) => steps[name].make());
  const isNew = after < 0 ? [] : [filter(({ id }: Row) => id > after)];
  const pipeAll = pipe as (
    source: Source<Row>,
    ...operators: readonly Operator<Row, Row>[]
  ) => Chunks<Row>;
  return pipeAll(pipe(source, map(({ n }) => ({ id: n, name: "" }))), ...operators, ...isNew);
}
