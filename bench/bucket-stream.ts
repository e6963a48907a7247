// What does BucketStream cost in a pipe, compared with no batching and a TransformStream by hand?
//   npm run bench -- bucket-stream
import { BucketStream } from "./harness/library.ts";
import { checkSum, type Item, itemStream } from "./harness/sources.ts";
import type { Question, Variant } from "./harness/question.ts";

const BATCH_SIZE = 100;

/** The code you would write without a library: no timer, and an error loses the gathered items. */
function nativeBatches(): TransformStream<Item, Item[]> {
  let batch: Item[] = [];
  return new TransformStream({
    transform(item, controller) {
      if (batch.push(item) < BATCH_SIZE) return;
      controller.enqueue(batch);
      batch = [];
    },
    flush(controller) {
      if (batch.length > 0) controller.enqueue(batch);
    },
  });
}

/** A pipe to a sink that does next to nothing: it adds up the ids, to check that none is missing. */
function pipe(makeBatches: () => ReadableWritablePair<Item[], Item>): Variant {
  return {
    items: 1_000_000,
    prepare: (items) => async () => {
      let sum = 0;
      const write = (batch: Item[]) => {
        for (const item of batch) sum += item.id;
      };
      await itemStream(items).pipeThrough(makeBatches()).pipeTo(new WritableStream({ write }));
      checkSum(sum, items);
    },
  };
}

const plainPipe: Variant = {
  items: 1_000_000,
  prepare: (items) => async () => {
    let sum = 0;
    await itemStream(items).pipeTo(
      new WritableStream({ write: (item) => void (sum += item.id) }),
    );
    checkSum(sum, items);
  },
};

export const question: Question = {
  title: "BucketStream in a pipe",
  method: "Items per second of a per-item ReadableStream, piped through batches of 100 to a sink " +
    "that does nothing, divided by those of a plain `pipeTo` to the same sink.",
  times: 3,
  variants: {
    "pipeTo": plainPipe,
    "BucketStream": pipe(() => new BucketStream({ batchSize: BATCH_SIZE })),
    "BucketStream without timer": pipe(() =>
      new BucketStream({ batchSize: BATCH_SIZE, timeout: Infinity })
    ),
    "native TransformStream": pipe(nativeBatches),
  },
  comparisons: [
    {
      title: "pipeThrough(new BucketStream({ batchSize: 100 })) against plain pipeTo",
      variant: "BucketStream",
      against: "pipeTo",
      atLeast: 0.75,
    },
    {
      title: "the same without a timer",
      variant: "BucketStream without timer",
      against: "pipeTo",
    },
    {
      title: "a TransformStream by hand against plain pipeTo",
      variant: "native TransformStream",
      against: "pipeTo",
    },
    {
      title: "BucketStream against the TransformStream by hand",
      variant: "BucketStream",
      against: "native TransformStream",
    },
    { title: "plain pipeTo itself", variant: "pipeTo", unit: "items/s" },
  ],
};
