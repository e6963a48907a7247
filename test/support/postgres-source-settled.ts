export function testPostgresSettled(_: unknown): void {}
