// A source of what is lent gives what it lends: compiled by `npm run check:types`, never run.
import { type Job, MemoryJobStore, work } from "../../src/adapters/jobs.ts";
import { type Delivery, type NatsConsumer, natsSource } from "../../src/adapters/nats.ts";
import { type Etl, etl, type Leased, leased } from "../../src/index.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
interface Message {
  readonly id: number;
  readonly text: string;
}

declare const messages: Message[];
const lent = leased(messages, { acknowledge: () => {}, idOf: ({ id }) => `${id}` });

// What lends messages lends what has an id.
export const wider: Leased<{ readonly id: number }> = lent;
// @ts-expect-error Not what has more than a message.
export const narrower: Leased<Message & { readonly age: number }> = lent;

const plain = etl({ name: "plain", extract: () => lent, load: (rows) => rows[0]!.text });
export const plainRows: Same<typeof plain, Etl<Message, Message>> = true;

const mapped = etl({
  name: "mapped",
  extract: () => natsSource<Message>({} as NatsConsumer),
  transform: ({ data }) => data.id,
  load: (ids) => ids[0]!.toFixed(),
});
export const mappedRows: Same<typeof mapped, Etl<Delivery<Message>, number>> = true;

const store = new MemoryJobStore();
const job: Job<number, { readonly id: number }> = {
  name: "wider",
  split: () => [1],
  id: String,
  pipeline: () => ({ extract: () => lent, load: (rows) => void rows[0]!.id.toFixed() }),
};
await work(job, { store });
