/** Statements of a program, and what they import. */
export interface Code {
  /** Whole import declarations. */
  readonly imports: readonly string[];
  /** Statements, in their order. */
  readonly lines: readonly string[];
}

/** A value of options as it stands in a program. What is `undefined` is left out. */
export function literal(value: unknown): string {
  if (value instanceof Expression) return value.text;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => memberOf(name, literal(member)));
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}

/** Options of which some are names in the program, such as `{ format: code("encodeCsv()") }`. */
class Expression {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A part of options that is an expression. */
export function code(text: string): object {
  return new Expression(text);
}

/** A call, without its last arguments where these are no options at all. */
export function call(name: string, ...args: readonly unknown[]): string {
  const given = args.map(literal);
  while (given.at(-1) === "{}" || args[given.length - 1] === undefined && given.length > 0) {
    given.pop();
  }
  return `${name}(${given.join(", ")})`;
}

function memberOf(name: string, text: string): string {
  const key = propertyName(name);
  return key === text ? key : `${key}: ${text}`;
}

/** How a property is written in an object. */
export function propertyName(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name);
}

/** The declarations, those of one module in one, packages before `node:`. */
export function importsOf(declarations: readonly string[]): string[] {
  const named = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const declaration of declarations) {
    const [, list, module] = /^import \{ (.+) \} from "(.+)";$/.exec(declaration) ?? [];
    if (list === undefined) {
      others.add(declaration);
      continue;
    }
    const names = named.get(module!) ?? new Set<string>();
    named.set(module!, names);
    for (const name of list.split(", ")) names.add(name);
  }
  const joined = [...named].map(([module, names]) =>
    `import { ${[...names].sort().join(", ")} } from "${module}";`
  );
  const moduleOf = (text: string) => /from "(.+)";$/.exec(text)?.[1] ?? "";
  return [...joined, ...others].sort((one, other) => moduleOf(one) < moduleOf(other) ? -1 : 1);
}
