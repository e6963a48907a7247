// Checked by the compiler alone: what goes into a function of threads, and what is left to load.
import { etl, many, skip } from "millrace";
import { inThreads, thread, type ThreadInput, type ThreadOutput } from "millrace/threads";

interface Doc {
  readonly id: number;
  readonly text: string;
}

const hash = thread(({ id, text }: Doc) => {
  if (text === "") return skip;
  return id > 9 ? many([{ id, hash: text }]) : Promise.resolve({ id, hash: text });
});

const input: ThreadInput<typeof hash> = { id: 1, text: "a" };
const output: ThreadOutput<typeof hash> = { id: 1, hash: "a" };
// @ts-expect-error: skip is no row
const none: ThreadOutput<typeof hash> = skip;

await using hashing = inThreads<typeof hash>("file:///hash.js", {
  transfer: (docs) => docs.map(({ text }) => new TextEncoder().encode(text).buffer),
});
await etl({
  name: "docs",
  extract: () => [input],
  transformBatch: hashing,
  load: (rows) => rows.map(({ hash }) => hash.length),
}).run();
await etl({
  name: "docs",
  // @ts-expect-error: a number is no Doc
  extract: () => [1],
  transformBatch: hashing,
  load: () => {},
}).run();

inThreads(() => new Worker("hash.js", { type: "module" }));

export default [output, none];
