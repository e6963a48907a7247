/** A user as an application stores it: nested, about 50 KB, most of it in one text. */
export interface NestedRecord {
  readonly id: number;
  readonly profile: { readonly name: string; readonly email: string; readonly address: Address };
  readonly orders: readonly {
    readonly sku: string;
    readonly price: number;
    readonly count: number;
  }[];
  readonly settings: Readonly<Record<string, boolean>>;
  readonly blob: string;
}

interface Address {
  readonly street: string;
  readonly city: string;
  readonly location: readonly [number, number];
}

/** The flat row that the transform makes of a record. */
export interface Summary {
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly spent: number;
  readonly size: number;
}

/** The one record that all scenarios share. */
export const mockRecord: NestedRecord = {
  id: 1,
  profile: {
    name: "Ada Example",
    email: "ada@example.org",
    address: { street: "1 Mill Lane", city: "Leat", location: [51.5, -0.1] },
  },
  orders: Array.from({ length: 20 }, (_, n) => ({ sku: `sku-${n}`, price: 5 + n, count: n % 3 })),
  settings: { news: true, dark: false, beta: true },
  blob: "etl ".repeat(12_000),
};

/** Reads all levels of the record, so that every part of it is used. */
export function summaryOf({ id, profile, orders, blob }: NestedRecord): Summary {
  let spent = 0;
  for (const { price, count } of orders) spent += price * count;
  return { id, name: profile.name, city: profile.address.city, spent, size: blob.length };
}
