import type { TestedWrite } from "../../../src/adapters/testing.ts";
import { blankCheckpoint, covers } from "../../../src/checkpoints/checkpoint.ts";
import { MemorySink, type Row } from "./memory-sink.ts";

type Send = Parameters<MemorySink["send"]>;

/** A sink whose rows a function writes, in one commit with their mark, in memory. */
export class MemoryWrites extends MemorySink {
  readonly own: TestedWrite;

  constructor(own: TestedWrite) {
    super();
    this.own = own;
  }

  override async send(...[rows, context, isMarked]: Send): Promise<void> {
    if (this.isFinished(context)) return;
    await super.send(await this.written(rows), context, isMarked);
  }

  isFinished({ batch: { key, ranges = [] } }: Send[1]): boolean {
    return key !== undefined && covers(this.store.read(key) ?? blankCheckpoint, ranges);
  }

  async written(rows: Row[]): Promise<Row[]> {
    const written: Row[] = [];
    await this.own((rows) => written.push(...rows), rows);
    return written;
  }
}
