import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { tombstoneKey } from "../../sql/tombstone.ts";
import { batchError } from "../../sql/tree-failures.ts";
import { Written } from "../../sql/written.ts";
import type { DuckdbConnection } from "./client.ts";
import type { Checked, Loader } from "./loader.ts";
import { TreeWriter } from "./tree-writer.ts";
import type { Writer } from "./writer.ts";

/** Writes rows, and tombstones among them, for one table. */
export class RowWriter implements Loader {
  readonly #writer: Writer;
  readonly #tree: TreeWriter;

  /** Asks for nothing yet: the table may be made later. */
  constructor(connection: DuckdbConnection, writer: Writer) {
    this.#writer = writer;
    const alone = { name: writer.name, parent: undefined, missing: undefined, children: [] };
    this.#tree = new TreeWriter(connection, [alone], [writer]);
  }

  /**
   * Checks rows of a run, and writes nothing.
   * @throws {BatchError} If rows do not fit: names them.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  async check(rows: readonly object[], context: SinkLoadContext): Promise<Checked> {
    const table = await this.#writer.tableFor(context.runId);
    const { groups, drift, fresh, failures } = table.read(rows);
    if (failures.size === 0 && fresh.size === 0) {
      const written = new Written();
      const write = async () => {
        written.clear();
        for (const group of groups) await table.insert(group, written);
      };
      return { drift, written, write };
    }
    // A tombstone has no property, so that it is among what fails.
    const hasTombstones = [...failures.keys()].some((n) => tombstoneKey(rows[n]) !== undefined);
    if (!hasTombstones && failures.size > 0) throw batchError(failures);
    return await this.#tree.check(rows.map((row) => ({ [this.#writer.name]: [row] })), context);
  }

  /**
   * Notes that a load has failed; the next one looks the table up again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  async failed(error: unknown, runId: string): Promise<void> {
    await this.#writer.failed(error, runId);
  }
}
