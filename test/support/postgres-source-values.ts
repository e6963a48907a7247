export function testPostgresSourceValues(_: unknown): void {}
