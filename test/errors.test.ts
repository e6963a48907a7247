import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BatchError,
  CancelledError,
  ConfigurationError,
  EtlError,
  ManagerError,
  messageOf,
  PipelineError,
  propertyOf,
} from "../src/errors.ts";
import type { RunReport } from "../src/report-types.ts";
import type { ManagerReport } from "../src/manager-report-types.ts";
import { seeded } from "./support/streams/schedules.ts";
import { outcomeOfCall } from "./support/outcomes/outcome-of-call.ts";

const cause = new TypeError("no such table");
const times = { busy: 0, starved: 0, blocked: 0 };
const counts = { extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, returned: 0, pending: 0 };
const report: RunReport = {
  ...{
    name: "users",
    runId: "1",
    key: "users",
    outcome: "completed",
    ...counts,
    earlier: 0,
    rows: 0,
    batches: 0,
    retries: 0,
  },
  ...{
    startedAt: 0,
    duration: 0,
    bottleneck: "load",
    workers: 1,
    guarantee: "at-least-once",
    clock: "running",
  },
  ...{
    rate: 0,
    inFlight: { transform: 0, load: 0 },
    queued: { items: 0, batches: 0 },
    drift: {},
    tables: {},
    deadLetterReasons: [],
  },
  deadLetterReasons: [],
  stages: { extract: times, transform: times, load: times },
};
const reports: ManagerReport["reports"] = [report, { name: "sales", outcome: "skipped" }];

describe("errors", () => {
  it.each<[EtlError, string, string, string, unknown]>([
    [new EtlError("It failed", { cause }), "EtlError", "ETL", "It failed", cause],
    [
      new ConfigurationError("Cannot do it"),
      ...["ConfigurationError", "CONFIGURATION", "Cannot do it"] as const,
      undefined,
    ],
    [
      new PipelineError("users", "load", [cause, new Error("later")]),
      ...["PipelineError", "PIPELINE", `Pipeline "users" failed in load: no such table`] as const,
      cause,
    ],
    [
      new CancelledError("users", "shutdown"),
      ...["CancelledError", "CANCELLED", `Pipeline "users" was cancelled: shutdown`] as const,
      "shutdown",
    ],
    [
      new ManagerError(reports, [cause], cause),
      ...["ManagerError", "MANAGER", "1 of 2 pipelines completed: no such table"] as const,
      cause,
    ],
    [
      new BatchError(new Map([[4, cause]])),
      ...["BatchError", "BATCH", "1 item of the batch failed: no such table"] as const,
      cause,
    ],
  ])("%s has a name, a code, a message and a cause", (error, name, code, message, origin) => {
    expect(error).toBeInstanceOf(EtlError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message]).toEqual([name, code, message]);
    expect(error.cause).toBe(origin);
    expect(`${error}`).toBe(`${name}: ${message}`);
    expect(error.constructor.name).toBe(name);
  });

  it("have no cause if none is known, and may have one that is undefined", () => {
    expect(new ConfigurationError("Cannot do it")).not.toHaveProperty("cause");
    expect(Object.hasOwn(new PipelineError("users", "load", [undefined]), "cause")).toBe(true);
  });
});

describe("PipelineError", () => {
  it("says once which pipeline it is", () => {
    const rule = "'position' must be a function: current value is 1";
    const cause = new ConfigurationError(`Cannot run pipeline "users" as ${rule}`);
    const { message } = new PipelineError("users", "checkpoints", [cause]);
    expect(message).toBe(`Pipeline "users" failed in checkpoints: ${rule}`);
  });

  it("has the stage, all failures, and the report of the run", () => {
    const errors = [cause, "second"];
    const error = new PipelineError("users", "transform", errors, { attempts: 3, report });
    expect(error).toMatchObject({ pipeline: "users", stage: "transform", attempts: 3 });
    expect(error.errors).toEqual(errors);
    expect(error.report).toBe(report);
  });

  it("counts one attempt and has no report by default", () => {
    const error = new PipelineError("users", "load", [cause]);
    expect([error.attempts, error.report]).toEqual([1, undefined]);
  });
});

describe("CancelledError", () => {
  it("has the failures during the abort, and the report of the run", () => {
    const error = new CancelledError("users", cause, { errors: [1], report });
    expect([error.errors, error.report]).toEqual([[1], report]);
    expect(new CancelledError("users", cause).errors).toEqual([]);
  });
});

describe("ManagerError", () => {
  it("has the report of each pipeline", () => {
    const error = new ManagerError(reports, [cause, "second"], "shutdown");
    expect(error.reports).toBe(reports);
    expect(error.errors).toEqual([cause, "second"]);
    expect(error.cause).toBe("shutdown");
    expect(error.report).toBeUndefined();
  });
});

describe("BatchError", () => {
  it("keeps the error of each item, the first one as its cause", () => {
    const failures = new Map<number, unknown>([[7, "no id"], [3, cause]]);
    const error = new BatchError(failures);
    expect(error.message).toBe("2 items of the batch failed: no id");
    expect(error.failures).toBe(failures);
    expect(error.cause).toBe("no id");
  });

  it.each<[unknown, string]>([
    [[[0, cause]], "0,TypeError: no such table"],
    [[], ""],
    [new Map(), "[object Map]"],
    [{ 0: cause }, "[object Object]"],
    [cause, "no such table"],
    [undefined, "undefined"],
    [null, "null"],
  ])("throws for %o, which names no item, and keeps it", (given, shown) => {
    const words = `BatchError needs a non-empty Map: current value is ${shown}`;
    const { error } = outcomeOfCall(() => new BatchError(given as never));
    expect(error).toEqual(new TypeError(words));
    expect((error as Error).cause).toBe(given);
  });
});

describe("messageOf()", () => {
  it.each<[unknown, string]>([
    [new Error("no"), "no"],
    [new TypeError(""), "TypeError"],
    [new AggregateError([1]), "AggregateError"], // As Node's when all addresses refuse.
    [new DOMException("late", "TimeoutError"), "late"],
    [{ message: "of another realm" }, "of another realm"],
    [{ message: 5 }, "[object Object]"],
    ["text", "text"],
    ["", ""],
    [undefined, "undefined"],
    [null, "null"],
    [5n, "5"],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "a value that cannot be shown"],
  ])("shows %o as %s", (error, words) => {
    expect(messageOf(error)).toBe(words);
  });

  const inner = new Error("unexpected end of file");
  const refused = Object.assign(new Error("connect ECONNREFUSED ::1:5432"), {
    code: "ECONNREFUSED",
  });
  it.each<[string, unknown, string]>([
    ["its cause", new TypeError("", { cause: inner }), "unexpected end of file"],
    [
      "the cause of its cause",
      new TypeError("", { cause: new Error("", { cause: inner }) }),
      "unexpected end of file",
    ],
    ["a cause that is text", new Error("", { cause: "disk full" }), "disk full"],
    ["a cause of blanks only", new Error(" \n", { cause: inner }), "unexpected end of file"],
    ["its code", Object.assign(new Error(""), { code: "ENOSPC" }), "ENOSPC"],
    [
      "its code and its cause",
      Object.assign(new Error("", { cause: inner }), { code: "Z_BUF_ERROR" }),
      "Z_BUF_ERROR: unexpected end of file",
    ],
    ["its errors", new AggregateError([new Error(""), inner], ""), "unexpected end of file"],
    [
      "its errors, whose words have the code",
      Object.assign(new AggregateError([refused, refused], ""), { code: "ECONNREFUSED" }),
      "connect ECONNREFUSED ::1:5432",
    ],
    [
      "the errors of its cause",
      new Error("", { cause: new AggregateError([inner], "") }),
      "unexpected end of file",
    ],
  ])("returns the message of %s if an error has none", (_, error, words) => {
    expect(messageOf(error)).toBe(words);
    expect(new PipelineError("films", "extract", [error]).message)
      .toBe(`Pipeline "films" failed in extract: ${words}`);
  });

  it("returns the message of some error, however errors refer to each other", () => {
    const node = fc.record({
      message: fc.constantFrom("", "", " ", "one", "two"),
      cause: fc.option(fc.nat(7)),
      errors: fc.array(fc.nat(7), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 8 }), (nodes) => {
        const errors = nodes.map(({ message }) => new Error(message));
        const edges = nodes.map((
          { cause, errors },
        ) => [...cause === null ? [] : [cause], ...errors]);
        for (const [index, { cause, errors: inner }] of nodes.entries()) {
          const at = (place: number) => errors[place % nodes.length];
          Object.assign(errors[index]!, {
            ...cause !== null && { cause: at(cause) },
            errors: inner.map(at),
          });
        }
        const reached = new Set([0]); // It grows while it is walked.
        for (const place of reached) {
          if (nodes[place]!.message.trim() !== "") continue;
          for (const next of edges[place]!) reached.add(next % nodes.length);
        }
        const said = [...reached].map((place) => nodes[place]!.message).filter((text) =>
          text.trim()
        );
        expect(said.length === 0 ? ["Error", "Error:  "] : said).toContain(messageOf(errors[0]));
      }),
      seeded,
    );
  });

  it("ends even if errors are their own causes and without end", () => {
    const [first, second] = [new RangeError(""), new Error("")];
    Object.assign(first, { cause: second, errors: [first, second] });
    Object.assign(second, { cause: first });
    expect(messageOf(first)).toBe("RangeError");
    let chain = new Error("deep");
    for (let depth = 0; depth < 100_000; depth++) chain = new Error("", { cause: chain });
    expect(messageOf(chain)).toBe("Error");
    const many = Array.from({ length: 100_000 }, () => new Error(""));
    expect(messageOf(new AggregateError(many, ""))).toBe("AggregateError");
  });

  it("returns a message for a value whose properties throw", () => {
    const value = {
      get message(): never {
        throw new Error("of the getter");
      },
    };
    expect(messageOf(value)).toBe("a value that cannot be shown");
  });
});

describe("propertyOf()", () => {
  const hostile = {
    get code() {
      throw new Error("not for you");
    },
  };
  const { proxy, revoke } = Proxy.revocable({ code: "E1" }, {});
  revoke();

  it.each<[string, unknown, unknown]>([
    ["an own property", Object.assign(new Error(), { code: "E1" }), "E1"],
    ["an inherited one", Object.create({ code: 7 }), 7],
    ["none", new Error("no"), undefined],
    ["a getter that throws", hostile, undefined],
    ["a revoked proxy", proxy, undefined],
    ["null", null, undefined],
    ["undefined", undefined, undefined],
    ["a string", "E1", undefined],
  ])("reads %s", (_, thrown, expected) => expect(propertyOf(thrown, "code")).toBe(expected));

  it("reads a symbol", () => {
    const mark = Symbol("mark");
    expect(propertyOf({ [mark]: true }, mark)).toBe(true);
  });
});
