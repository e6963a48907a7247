/** A declaration of an import. */
export interface Import {
  readonly module: string;
  /** Import clause before the module: `{ etl }`, `pg` or `* as hyparquet`. */
  readonly clause: string;
}

/** Makes the declaration of an import. */
export function imported(module: string, clause: string): Import {
  return { module, clause };
}

/** The widest line that is not broken. */
const width = 88;

/** A part of options that is an expression. */
class Expression {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Makes a part of options that is an expression, such as `{ format: code("encodeCsv()") }`. */
export function code(text: string): object {
  return new Expression(text);
}

/** A value of options as it stands in a program. What is `undefined` is left out. */
export function literal(value: unknown): string {
  if (value instanceof Expression) return value.text;
  if (Array.isArray(value)) return enclosed("[", value.map(literal), "]");
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => memberOf(name, literal(member)));
    return members.length === 0 ? "{}" : enclosed("{ ", members, " }");
  }
  if (typeof value !== "string" || !value.includes('"') || /['\\\n]/.test(value)) {
    return JSON.stringify(value);
  }
  return `'${value}'`;
}

/** A call, without last arguments that say nothing. */
export function call(name: string, ...args: readonly unknown[]): string {
  const given = [...args];
  while (given.length > 0 && (given.at(-1) === undefined || literal(given.at(-1)) === "{}")) {
    given.pop();
  }
  const texts = given.map(literal);
  const line = `${name}(${texts.join(", ")})`;
  const before = line.slice(0, line.length - (texts.at(-1)?.length ?? 0));
  const hugs = texts.at(-1)?.includes("\n") && !before.includes("\n") && before.length < width;
  return hugs ? line : enclosed(`${name}(`, texts, ")");
}

/** Parts in brackets: in one line if they fit, else each on a line of its own. */
function enclosed(open: string, parts: readonly string[], close: string): string {
  const line = `${open}${parts.join(", ")}${close}`;
  if (line.length <= width && !line.includes("\n") || parts.length === 0) return line;
  const lines = parts.map((part) => `  ${indented(part)},\n`).join("");
  return `${open.trimEnd()}\n${lines}${close.trimStart()}`;
}

/** A text whose further lines stand deeper. */
export function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function memberOf(name: string, text: string): string {
  const key = propertyName(name);
  return key === text ? key : `${key}: ${text}`;
}

/** Returns a property as it is written in an object. */
export function propertyName(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name);
}

/** The declarations as text, those of one module in one. */
export function importsOf(declarations: readonly Import[]): string[] {
  const clauses = new Map<string, Set<string>>();
  for (const { module, clause } of declarations) {
    const names = clauses.get(module) ?? new Set();
    clauses.set(module, names);
    const listed = /^\{ (.+) \}$/.exec(clause)?.[1];
    if (listed === undefined) names.add(clause);
    else for (const name of listed.split(", ")) names.add(`{ ${name} }`);
  }
  return [...clauses].sort().map(([module, names]) => {
    const listed = [...names].filter((name) => name.startsWith("{")).map((name) =>
      name.slice(2, -2)
    );
    const whole = [...names].filter((name) => !name.startsWith("{"));
    const list = listed.length > 0 ? [`{ ${listed.sort().join(", ")} }`] : [];
    return `import ${[...whole, ...list].join(", ")} from ${JSON.stringify(module)};`;
  });
}
