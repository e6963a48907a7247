import { DurableObject } from "cloudflare:workers";
import { etl, EtlError, type RunReport } from "millrace";
import { runStep } from "millrace/cloudflare";
import { readNdjson } from "millrace/ndjson";
import { readObject } from "millrace/object";
import { citiesSink, type City } from "./cities.ts";
import type { Env } from "./env.ts";

/** A file in R2. Its etag distinguishes it from a later file with the same name. */
export interface ImportedFile {
  readonly file: string;
  readonly etag: string;
  readonly size: number;
}

/** Progress of an import. */
export interface ImportStatus extends ImportedFile {
  readonly isDone: boolean;
  readonly bytes: number;
  readonly report?: RunReport;
}

/** Imports a file in steps, each of which is an alarm. */
export class Import extends DurableObject<Env> {
  async begin(file: ImportedFile): Promise<void> {
    await this.ctx.storage.put("status", { ...file, bytes: 0, isDone: false });
    await this.ctx.storage.setAlarm(Date.now());
  }

  async status(): Promise<ImportStatus | undefined> {
    return await this.ctx.storage.get<ImportStatus>("status");
  }

  override async alarm(): Promise<void> {
    // If this step is killed or fails, another one starts after the longest time it may take.
    await this.ctx.storage.setAlarm(Date.now() + this.env.STEP_MS);
    const status = await this.status();
    if (status === undefined) return;
    const { isDone, report } = await step(this.env, status);
    if ((await this.status())?.etag !== status.etag) return; // The file was replaced.
    const { byte = status.bytes } = report?.checkpoint?.position as Place ?? {};
    await this.ctx.storage.put("status", { ...status, isDone, report, bytes: byte });
    if (isDone) await this.ctx.storage.deleteAlarm();
    else if (report?.outcome === "paused") await this.ctx.storage.setAlarm(Date.now());
  }
}

/** Start of a line. */
interface Place {
  readonly byte: number;
  readonly line: number;
}

/** Imports for `STEP_MS` milliseconds, from where the last step ended. */
async function step({ DB, FILES, STEP_MS }: Env, { file, etag }: ImportedFile) {
  const { load, checkpoints, deadLetters } = await citiesSink(DB);
  const cities = etl({
    name: "import",
    extract: ({ checkpoint }) => {
      const object = readObject(FILES, file, { etag, from: checkpoint?.position as Place });
      return readNdjson<City>(object, { positions: true, malformed: "item" });
    },
    transform: ({ value }) => value,
    load,
  }, { position: ({ end, line }): Place => ({ byte: end, line: line + 1 }), resume: "source" });
  try {
    return await runStep(cities, {
      partition: `${file} ${etag}`, // A replaced file is imported from its start.
      checkpoints,
      deadLetters: deadLetters(),
      lease: STEP_MS,
      batchSize: 1_000,
      budget: { duration: STEP_MS },
    });
  } catch (error) {
    if (!(error instanceof EtlError)) throw error;
    return { isDone: false, report: error.report };
  }
}
