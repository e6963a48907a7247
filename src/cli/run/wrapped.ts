/**
 * A pipeline with other members in the place of some. All others are called as methods of the
 * pipeline itself, which may be of a class.
 */
export function withMembers<P extends object>(pipeline: P, members: Partial<P>): P {
  const bound = new Map<unknown, unknown>();
  // Not in front of the pipeline itself, which may be frozen: nothing may stand for a frozen member.
  return new Proxy({} as P, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof P];
      const value: unknown = Reflect.get(pipeline, name, pipeline);
      // The load of a sink says by properties what it commits to; it needs no `this`.
      if (typeof value !== "function" || Reflect.ownKeys(value).some(isMark)) return value;
      if (!bound.has(value)) bound.set(value, value.bind(pipeline));
      return bound.get(value);
    },
    has: (_, name) => Reflect.has(pipeline, name) || Object.hasOwn(members, name),
    getPrototypeOf: () => Reflect.getPrototypeOf(pipeline),
  });
}

function isMark(key: string | symbol): boolean {
  return typeof key === "symbol" || key === "batchSize";
}
