// Consumes a queue. A message is acknowledged when its row is loaded, and returned when it fails. On
// its third delivery it becomes a dead letter. The broker is a few lines of this program.
//
// Run: node examples/node/queue-with-ack.ts
// Last line: 9 of 10 messages loaded, 1 dead letter after 3 deliveries, 0 left.
import { etl, leased } from "millrace";

// The broker: it lends messages, and redelivers those that are returned.
const waiting = Array.from({ length: 10 }, (_, index) => ({
  body: index === 6 ? "{ broken" : JSON.stringify({ id: index }),
  delivery: 0,
}));
let unfinished = waiting.length;
async function* deliver() {
  while (unfinished > 0) {
    const message = waiting.shift();
    if (message === undefined) await new Promise((again) => setTimeout(again, 5));
    else yield Object.assign(message, { delivery: message.delivery + 1 });
  }
}

const maxDeliveries = 3;
const queue = leased(deliver(), {
  acknowledge: (messages) => void (unfinished -= messages.length), // Loaded, or a dead letter.
  reject: ([message]) => {
    if (message!.delivery >= maxDeliveries) return; // To `deadLetters`.
    waiting.push(message!);
    return "returned";
  },
  release: (messages) => void waiting.push(...messages), // The run ended before they were done.
  attemptsOf: ({ delivery }) => delivery,
});

const rows = new Map();
let deliveries = 0;
const { deadLettered } = await etl({
  name: "queue",
  extract: () => queue,
  transform: ({ body }) => JSON.parse(body) as { id: number },
  load: (batch) => batch.forEach((row) => rows.set(row.id, row)), // Keyed, as a message may come twice.
}).run({
  batchSize: 4,
  timeout: 20, // Messages wait no longer than this for a full batch.
  deadLetters: new WritableStream({
    write: ({ item, error }) => {
      deliveries = item.delivery;
      console.log(`Given up on ${item.body}: ${error}`);
    },
  }),
});

console.log(
  `${rows.size} of 10 messages loaded, ${deadLettered} dead letter after ${deliveries} ` +
    `deliveries, ${unfinished} left.`,
);
