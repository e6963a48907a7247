import { describe, expect, it } from "vitest";
import { progressPage } from "../../../src/adapters/report.ts";

describe("progressPage()", () => {
  const page = progressPage({ events: '/events?of="<zqx>', title: "<zqx>" });

  it("has one script, which its policy allows by its hash", async () => {
    const scripts = [...page.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(([, code]) => code!);
    expect(scripts).toHaveLength(1);
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(scripts[0]));
    const hash = btoa(String.fromCharCode(...new Uint8Array(bytes)));
    expect(page).toContain(
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'`,
    );
  });

  it("escapes its title and the address of its events", () => {
    expect(page).not.toContain("<zqx");
    expect(page).toContain('<body data-events="/events?of=&quot;&lt;zqx&gt;">');
  });

  it.each([
    [{}, "'events' must be a non-empty string: current value is undefined"],
    [{ events: "" }, "'events' must be a non-empty string"],
    [{ events: "/", url: "/" }, "'url' must be a known option"],
  ])("refuses %o", (settings, words) => {
    expect(() => Reflect.apply(progressPage, undefined, [settings]))
      .toThrow(`Cannot make a progress page as ${words}`);
  });
});
