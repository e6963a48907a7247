import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { Database } from "./database.ts";
import type { SinkSettings } from "./sink-options.ts";
import { type Checked, type Loader, TreeWriter } from "./tree-writer.ts";

/** Writes rows, and tombstones among them, for one table. */
export class RowWriter implements Loader {
  readonly #name: string;
  readonly #tree: TreeWriter;

  /** Asks for nothing yet: the table may be made later. */
  constructor(db: Database, settings: SinkSettings, maxBytes: number) {
    this.#name = settings.table;
    const alone = { name: this.#name, parent: undefined, missing: undefined, children: [] };
    this.#tree = new TreeWriter(db, { linked: [alone], tables: [settings], maxBytes });
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names them.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  check(rows: readonly object[], context: SinkLoadContext): Promise<Checked> {
    return this.#tree.check(rows.map((row) => ({ [this.#name]: [row] })), context);
  }

  /**
   * Notes that a load has failed; the next one looks the table up again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  failed(error: unknown, runId: string): Promise<void> {
    return this.#tree.failed(error, runId);
  }
}
