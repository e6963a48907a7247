import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../src/errors.ts";
import {
  callable,
  checkOptions,
  fail,
  nonNegative,
  type OptionTable,
  positiveInteger,
  type Rule,
  truthValue,
} from "../src/options.ts";

interface Options {
  size?: number | undefined;
  timeout?: number | undefined;
  isQuick?: boolean | undefined;
  onEnd?: (() => void) | undefined;
}

const table: OptionTable<Options> = {
  size: [positiveInteger, 3],
  timeout: [nonNegative, 0],
  isQuick: [truthValue, true],
  onEnd: [callable],
};

const check = (options: unknown, ...layers: object[]) =>
  checkOptions<Options, "onEnd">("do it", options as Options, table, ...layers);

describe("checkOptions()", () => {
  it("fills in the defaults, and leaves options without a default undefined", () => {
    expect(check({})).toStrictEqual({ size: 3, timeout: 0, isQuick: true, onEnd: undefined });
  });

  it("accepts given values, zero and false included", () => {
    const onEnd = () => {};
    const options = { size: 9, timeout: 0, isQuick: false, onEnd };
    expect(check(options)).toStrictEqual(options);
    expect(check({ timeout: 0 }, { timeout: 5 }).timeout).toBe(0);
    expect(check({}, { isQuick: false }).isQuick).toBe(false);
  });

  it("ignores undefined, in every layer", () => {
    const complete = check({ size: undefined }, { size: undefined, timeout: 7 }, { size: 4 });
    expect(complete).toMatchObject({ size: 4, timeout: 7 });
  });

  it("takes an option from the first layer that has it", () => {
    const layers = [{ size: 1 }, { size: 2, timeout: 2 }];
    expect(check({}, ...layers)).toMatchObject({ size: 1, timeout: 2 });
    expect(check({ size: 8 }, ...layers)).toMatchObject({ size: 8, timeout: 2 });
  });

  it("does not modify the given options", () => {
    const options = Object.freeze({ size: 2 });
    const layer = Object.freeze({ timeout: 2 });
    const complete = check(options, layer);
    expect(complete).not.toBe(options);
    expect([options, layer]).toEqual([{ size: 2 }, { timeout: 2 }]);
  });

  it("reads an option once, so that the checked value is the one used", () => {
    let reads = 0;
    const options = {
      get size() {
        return reads++ === 0 ? 2 : -1;
      },
    };
    expect(check(options).size).toBe(2);
    expect(reads).toBe(1);
  });

  it("accepts an instance of a class as options", () => {
    class Defaults {
      size = 5;
      get timeout() {
        return 6;
      }
    }
    expect(check(new Defaults())).toMatchObject({ size: 5, timeout: 6 });
  });

  it.each<[unknown, string]>([
    [{ size: 0 }, "'size' must be a positive integer: current value is 0"],
    [{ size: "7" }, `'size' must be a positive integer: current value is "7"`],
    [{ size: null }, "'size' must be a positive integer: current value is null"],
    [{ timeout: NaN }, "'timeout' must be a number of at least 0: current value is NaN"],
    [{ isQuick: 1 }, "'isQuick' must be a boolean: current value is 1"],
    [{ onEnd: {} }, "'onEnd' must be a function: current value is an object"],
    [null, "'options' must be an object: current value is null"],
    [5, "'options' must be an object: current value is 5"],
    [() => {}, "'options' must be an object: current value is a function"],
    [{ Size: 1 }, "'Size' must be a known option, perhaps 'size': current value is 1"],
    [{ timeOut: 1 }, "'timeOut' must be a known option, perhaps 'timeout': current value is 1"],
    [{ tmeut: 1 }, "'tmeut' must be a known option, perhaps 'timeout': current value is 1"],
    [{ isquik: 1 }, "'isquik' must be a known option, perhaps 'isQuick': current value is 1"],
    [{ end: 1 }, "'end' must be a known option, perhaps 'onEnd': current value is 1"],
    [
      { sizes: undefined },
      "'sizes' must be a known option, perhaps 'size': current value is undefined",
    ],
    [["a"], `'0' must be a known option, perhaps 'size': current value is "a"`],
  ])("throws for a wrong value or an unknown option, perhaps misspelt: %o", (options, sentence) => {
    expect(() => check(options)).toThrow(new ConfigurationError(`Cannot do it as ${sentence}`));
  });

  it("reports an unknown option before a wrong value, which may belong to it", () => {
    expect(() => check({ size: 0, siz: 5 })).toThrow(
      "Cannot do it as 'siz' must be a known option",
    );
  });

  it.each<[unknown, string]>([
    ["", `""`],
    [`a "quoted"\nline`, `"a \\"quoted\\"\\nline"`],
    ["x".repeat(60), `"${"x".repeat(60)}"`],
    ["x".repeat(61), `"${"x".repeat(60)}…"`],
    [-0.5, "-0.5"],
    [Infinity, "Infinity"],
    [12n, "12n"],
    [true, "true"],
    [Symbol("s"), "Symbol(s)"],
    [class A {}, "a function"],
    [[1, 2], "an array of 2"],
    [{ secret: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Map(), "an instance of Map"],
    [new (class {})(), "an object"],
    [
      new (class {
        static override = 1;
        static get name() {
          return 5;
        }
      })(),
      "an object",
    ],
    [new (class Pool {})(), "an instance of Pool"],
  ])("prints %o as %s", (value, words) => {
    const sentence = `Cannot do it as 'onEnd' must be a string: current value is ${words}`;
    const wanted: Rule = { expected: "a string", test: () => false };
    const act = () => checkOptions("do it", { onEnd: value }, { onEnd: [wanted] });
    expect(act).toThrow(new ConfigurationError(sentence));
  });

  const secret = "s3cr3t";
  it.each([
    `postgres://ada:${secret}@localhost:5432/shop`,
    `postgresql://ada:${secret}/@#?:%40@[::1]/shop?sslmode=require`,
    `mysql://root:${secret}@db/shop`,
    `mongodb+srv://ada:${secret}@cluster0.example.net/?retryWrites=true`,
    `redis://:${secret}@cache:6379/0`,
    `nats://${secret}@broker:4222`,
    `https://ada:${secret}@example.org/feed`,
    `  https://${secret}@example.org`,
    `ada:${secret}@localhost/shop`,
    `jdbc:postgresql://db/shop?user=ada&password=${secret}`,
    `https://example.org/?api_key=${secret}&x=1`,
    `https://example.org/blob?sig=${secret}`,
    `host=db user=ada password=${secret} dbname=shop`,
    `host=db password = '${secret} and more'`,
    `Server=db;User Id=ada;Pwd=${secret};`,
    `AccountName=ada;AccountKey=${secret};EndpointSuffix=x`,
    `{"user":"ada","password":"${secret}"}`,
    `{ user: 'ada', accessToken: '${secret}' }`,
    `PGPASSWORD=${secret}`,
    `CLIENT_SECRET: ${secret}`,
  ])("prints no password of %s", (value) => {
    const wanted: Rule = { expected: "a client", test: () => false };
    const act = () => checkOptions("do it", { client: value }, { client: [wanted] });
    expect(act).toThrow("Cannot do it as 'client' must be a client: current value is \"");
    expect(act).not.toThrow(secret);
  });

  it.each(["password", "passphrase", "clientSecret", "authToken", "apiKey", "PGPASSWORD"])(
    "prints no '%s' in the value of an unknown option",
    (name) => {
      const act = () => checkOptions("do it", { [name]: secret }, { size: [positiveInteger] });
      expect(act).toThrow(`Cannot do it as '${name}' must be a known option`);
      expect(act).toThrow('current value is "***"');
    },
  );

  it.each([
    ["key", "id"],
    ["signal", "stop"],
    ["keys", "a, b"],
    ["at", "12:30:00"],
    ["mail", "ada@example.org"],
    ["path", "C:\\data\\key"],
    ["sql", "select a = 5 from keys where mode = 'pass'"],
  ])("prints a '%s' that is not a secret: %s", (name, value) => {
    const wanted: Rule = { expected: "another", test: () => false };
    const act = () => checkOptions("do it", { [name]: value }, { [name]: [wanted] });
    expect(act).toThrow(`current value is ${JSON.stringify(value)}`);
  });

  it.each(["pass", "key", ":", "akey", ":x", "sig"])(
    "takes little time for a long text of '%s'",
    (part) => {
      const value = part.repeat(100_000);
      expect(() => fail("do it", "client", "a client", value)).toThrow(ConfigurationError);
    },
  );
});
