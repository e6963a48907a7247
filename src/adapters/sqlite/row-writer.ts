import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { tombstoneKey } from "../../sql/tombstone.ts";
import { batchError } from "../../sql/tree-failures.ts";
import { Written } from "../../sql/written.ts";
import type { SqliteDatabase } from "./client.ts";
import type { SinkSettings } from "./sink-options.ts";
import { type Checked, type Loader, TreeWriter } from "./tree-writer.ts";
import { Writer } from "./writer.ts";

/** Writes rows, and tombstones among them, for one table. */
export class RowWriter implements Loader {
  readonly #writer: Writer;
  readonly #name: string;
  readonly #tree: TreeWriter;

  /** Asks for nothing yet: the table may be made later. */
  constructor(db: SqliteDatabase, settings: SinkSettings) {
    this.#writer = new Writer(db, settings);
    this.#name = settings.table;
    const alone = { name: this.#name, parent: undefined, missing: undefined, children: [] };
    this.#tree = new TreeWriter(db, [alone], [this.#writer]);
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names them.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  check(rows: readonly object[], context: SinkLoadContext): Checked {
    const table = this.#writer.tableFor(context.runId);
    const { groups, drift, fresh, failures } = table.read(rows);
    if (failures.size === 0 && fresh.size === 0) {
      const written = new Written();
      return { drift, written, write: () => groups.forEach((one) => table.insert(one, written)) };
    }
    // A tombstone has no property, so that it is among what fails.
    const hasTombstones = [...failures.keys()].some((n) => tombstoneKey(rows[n]) !== undefined);
    if (!hasTombstones && failures.size > 0) throw batchError(failures);
    return this.#tree.check(rows.map((row) => ({ [this.#name]: [row] })), context);
  }

  /**
   * Notes that a load has failed; the next one looks the table up again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  failed(error: unknown, runId: string): void {
    this.#writer.failed(error, runId);
  }
}
