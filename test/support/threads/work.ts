import { thread } from "../../../src/adapters/threads/thread.ts";
import { many, wholeBatch } from "../../../src/streams/many.ts";
import { skip } from "../../../src/streams/skip.ts";

/** What a thread is asked to do with an item. */
export type Ask =
  | "skip"
  | "twice"
  | "none"
  | "later"
  | "nothing"
  | "whole batch"
  | "throw"
  | "throw a value"
  | "give a function"
  | "loop"
  | "exit"
  | "fail later";

/** An item: without a wish it comes back as it is. */
export interface Order {
  readonly id: number;
  readonly ask?: Ask;
}

/** Does what an item asks for. */
export default thread((order: Order) => order.ask === undefined ? { id: order.id } : rare(order));

function rare({ id, ask }: Order) {
  switch (ask) {
    case "skip":
      return skip;
    case "twice":
      return many([{ id }, { id: -id }]);
    case "none":
      return many<{ id: number }>([]);
    case "later":
      return new Promise<{ id: number }>((resolve) => setTimeout(resolve, 1, { id }));
    case "nothing":
      return undefined;
    case "whole batch":
      return wholeBatch([{ id }]) as never;
    case "throw":
      throw Object.assign(new RangeError(`no ${id}`, { cause: "why" }), {
        code: "BAD",
        rows: [id],
      });
    case "throw a value":
      throw `no ${id}`;
    case "give a function":
      return { id, call: () => id };
    case "fail later":
      return new Promise<never>(() => setTimeout(failLater));
    case "exit":
      return exit();
    default:
      for (;;);
  }
}

function failLater(): never {
  throw new Error("too late");
}

/** Ends the thread, as its runtime has it. */
function exit(): never {
  const { process, close } = globalThis as unknown as {
    process?: { exit?(code: number): never };
    close(): never;
  };
  if (process?.exit === undefined) close();
  else process.exit(3);
  for (;;); // Until it has ended.
}
