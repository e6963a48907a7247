/**
 * Rows for several tables, gathered into as few statements as can be.
 * @module
 */
import type { CountedSession } from "../database.ts";
import { inputAt, insertStatement } from "../insert.ts";
import type { KnownTable } from "../known-table.ts";
import type { Group } from "../rows.ts";

interface Pending {
  readonly table: KnownTable;
  readonly group: Group;
  readonly params: readonly unknown[];
}

/** The texts of statements, by their content. */
export type Texts = Map<string, string>;

const maxTexts = 64; // Rows may leave out columns in any number of ways.

/** Sends rows in the order that they are added in, those of several tables in one statement. */
export class Outbox {
  readonly #session: CountedSession;
  readonly #maxLength: number;
  readonly #json: string;
  readonly #texts: Texts;
  #pending: Pending[] = [];
  #length = 0;

  constructor(session: CountedSession, json: string, texts: Texts, maxLength: number) {
    this.#session = session;
    this.#json = json;
    this.#texts = texts;
    this.#maxLength = maxLength;
  }

  /** Adds rows of a table; sends what cannot be sent together with them, or after them. */
  async add(table: KnownTable, group: Group): Promise<void> {
    const { conflict, known: { isPlain } } = table.target;
    if (!isPlain || table.method === "copy") { // A trigger may look at what was added before.
      await this.flush();
      return await table.send(this.#session, group);
    }
    const params = table.paramsOf(group);
    const length = params.reduce<number>(
      (sum, param) => sum + (param as { length: number }).length,
      0,
    );
    // A statement must not touch a row twice.
    const touchesTwice = conflict !== "error" &&
      this.#pending.some((other) => other.table === table);
    if (touchesTwice || this.#length + length > this.#maxLength) await this.flush();
    this.#pending.push({ table, group, params });
    this.#length += length;
  }

  /** Sends all that was added. Foreign keys are looked at when the whole statement is done. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#length = 0;
    if (pending.length === 0) return;
    await this.#session.values(this.#textOf(pending), pending.flatMap(({ params }) => params));
    // What of a part was taken, the server would tell by more than the parts cost without it.
    for (const { table, group } of pending) {
      table.count(this.#session.written, group.cells.length, undefined);
    }
  }

  #textOf(pending: readonly Pending[]): string {
    const key = pending.map(({ table, group, params }) =>
      [table.target.table, params.length, ...group.columns.map(({ number }) => number)].join()
    ).join(";");
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = statementOf(pending, this.#json);
    if (this.#texts.size >= maxTexts) this.#texts.clear();
    this.#texts.set(key, text);
    return text;
  }
}

/** One statement for all: each table but the last as a part of it. */
function statementOf(pending: readonly Pending[], json: string): string {
  let number = 1;
  const texts = pending.map(({ table, group, params }) => {
    const text = insertStatement(table.target, group.columns, inputAt({ json }, number));
    number += params.length;
    return text;
  });
  const last = texts.pop()!;
  if (texts.length === 0) return last;
  return `with ${texts.map((text, n) => `w${n} as (${text})`).join(", ")} ${last}`;
}
