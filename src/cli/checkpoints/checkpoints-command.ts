import { type Claim, finishedIn } from "../../checkpoints/checkpoint.ts";
import { EtlError } from "../../errors.ts";
import { count } from "../../explain/quantities.ts";
import { harmless } from "../../explain/plain-text.ts";
import { fail } from "../../options.ts";
import { nearestOf } from "../../plain-options.ts";
import { setTimer } from "../../runtime/timer.ts";
import { type Command, exitCodes } from "../command.ts";
import { table } from "../help.ts";
import { hostModules } from "../host-modules.ts";
import { jsonOf } from "../outcome.ts";
import type { Terminal } from "../terminal.ts";
import type { KeptCheckpoint, KeptCheckpoints } from "./kept-checkpoints.ts";

const action = "read the command line";

/** `millrace checkpoints`. */
export const checkpointsCommand: Command = {
  usage: [
    "checkpoints list --store place",
    "checkpoints show key --store place",
    "checkpoints reset key --store place [--force]",
  ],
  options: {
    store: {
      type: "string",
      value: "place",
      description: "a SQLite file, a postgres:// URL, or the folder of a FileCheckpointStore",
    },
    schema: { type: "string", value: "name", description: "the schema, for PostgreSQL" },
    json: { type: "boolean", description: "print the list as JSON" },
    force: { type: "boolean", description: "reset a key that a run has claimed, which then fails" },
  },
  positionals: [1, 2],
  notes: `After a reset the next run of that key begins at the start of its source. Rows that are \
loaded stay.
A key that a running pipeline has claimed is not reset. Whether it still runs is seen by waiting for
the time of its lease.`,
  async run(values, [verb = "", key], terminal) {
    const verbs = { list: 0, show: 1, reset: 1 };
    if (!Object.hasOwn(verbs, verb)) {
      fail(action, "checkpoints", `followed by '${nearestOf(verb, verbs)}'`, verb);
    }
    if ((key === undefined) !== (verb === "list")) {
      const rule = verb === "list" ? "omitted for 'list'" : "the key of one checkpoint";
      fail(`${verb} checkpoints`, "key", rule, key);
    }
    const only = { json: "list", force: "reset" } as const;
    for (const [flag, owner] of Object.entries(only)) {
      if (values[flag] === undefined || verb === owner) continue;
      fail(action, `--${flag}`, `omitted for '${verb}'`, values[flag]);
    }
    const { schema } = values as { schema?: string };
    const store = await openStore(values["store"], schema, terminal);
    try {
      if (verb === "list") await list(store, values["json"] === true, terminal);
      else if (verb === "show") await show(store, key!, terminal);
      else await reset(store, key!, values["force"] === true, terminal);
    } finally {
      await store.close();
    }
    return exitCodes.completed;
  },
};

async function openStore(
  place: unknown,
  schema: string | undefined,
  { folder }: Terminal,
): Promise<KeptCheckpoints> {
  const rule = "a SQLite file, a postgres:// URL or a folder, which is there";
  if (typeof place !== "string") return fail("open the store", "--store", rule, place);
  if (/^postgres(ql)?:\/\//.test(place)) {
    return await (await import("./postgres-store.ts")).openPostgres(place, schema, folder);
  }
  if (schema !== undefined) fail(action, "--schema", "omitted without PostgreSQL", schema);
  const { files, resolve } = await hostModules();
  const path = resolve(folder, place);
  const facts = await files.stat(path).catch(() => undefined);
  if (facts?.isDirectory()) return await (await import("./folder-store.ts")).openFolder(path);
  if (facts?.isFile()) return await (await import("./sqlite-store.ts")).openSqlite(path);
  return fail("open the store", "--store", rule, place);
}

async function list(store: KeptCheckpoints, json: boolean, { stdout }: Terminal): Promise<void> {
  const all = await store.list();
  if (json) return void stdout.write(jsonOf(all));
  if (all.length === 0) return void stdout.write("No checkpoints.\n");
  const rows = all.map(({ key, checkpoint, claim, broken }) => [
    harmless(key, "?"),
    checkpoint === undefined
      ? broken === undefined ? "nothing finished" : "broken"
      : `${count(finishedIn(checkpoint))} finished`,
    checkpoint === undefined ? "" : new Date(checkpoint.updatedAt).toISOString(),
    claim === undefined ? "" : `claimed by run ${harmless(claim.runId, "?")}`,
  ]);
  stdout.write(table(rows));
}

async function show(store: KeptCheckpoints, key: string, { stdout }: Terminal): Promise<void> {
  const kept = await find(store, key);
  if (kept.broken !== undefined) throw new EtlError(kept.broken);
  stdout.write(jsonOf(kept));
}

async function find(store: KeptCheckpoints, key: string): Promise<KeptCheckpoint> {
  const all = await store.list();
  const found = all.find((kept) => kept.key === key);
  if (found !== undefined) return found;
  const names = Object.fromEntries(all.map(({ key }) => [key, true]));
  const nearest = nearestOf(key, names);
  const rule = nearest === undefined
    ? "one that the store has, which is empty"
    : `one that the store has, perhaps ${JSON.stringify(nearest)}`;
  return fail("find a checkpoint", "key", rule, key);
}

async function reset(
  store: KeptCheckpoints,
  key: string,
  isForced: boolean,
  { stdout }: Terminal,
): Promise<void> {
  const { claim } = await find(store, key);
  if (claim !== undefined && !isForced) await checkLapsed(store, key, claim);
  const isRemoved = await store.remove(key, isForced ? "any" : claim);
  if (!isRemoved) throw claimed(key, "a run that began meanwhile");
  const next = "the next run begins at the start of its source";
  stdout.write(`The checkpoint ${JSON.stringify(key)} is reset: ${next}.\n`);
}

/** Waits for the time of a lease: a run that lives renews its claim in that time. */
async function checkLapsed(store: KeptCheckpoints, key: string, claim: Claim): Promise<void> {
  const { runId, until, lease = 1000 } = claim;
  if (until === Infinity || lease === Infinity) throw claimed(key, `run ${runId}`);
  await new Promise<void>((resolve) => void setTimer(lease, resolve));
  const { claim: now } = await find(store, key);
  if (now !== undefined && (now.runId !== runId || now.until !== until)) {
    throw claimed(key, `run ${now.runId}`);
  }
}

function claimed(key: string, owner: string): EtlError {
  return new EtlError(
    `Cannot reset checkpoint ${JSON.stringify(key)} as it is claimed by ${owner}: stop that run, ` +
      "or add --force",
  );
}
