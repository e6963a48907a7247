import { label } from "./markup.ts";
import { marks } from "./plot.ts";
import { style } from "./style.ts";
import { patterns } from "./theme.ts";

/** The page around what is shown: no script, and nothing that is fetched. */
export function page(title: string, top: string, body: string): string {
  return shell(title, "", "", viewOf(top, body));
}

/** Section of a page: its heading and content. */
export function viewOf(top: string, body: string): string {
  return `<header class="top">${top}</header>\n<main>\n${body}\n</main>`;
}

/**
 * The page around a body, and what the body needs: styles, patterns and marks. A policy allows what is
 * given in addition, and attributes of the body are markup.
 */
export function shell(title: string, policy: string, attributes: string, body: string): string {
  const allowed = `default-src 'none'; style-src 'unsafe-inline'${policy && `; ${policy}`}`;
  // Patterns of an SVG that is not displayed are not painted in all browsers: this one has no size.
  const shared = `<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>` +
    `${patterns()}${marks}<path id="mark-tip" class="tip" d="M-7 -4L0 0L-7 4Z"/></defs></svg>`;
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="generator" content="millrace">
<meta http-equiv="Content-Security-Policy" content="${allowed}">
<title>${label(title, 90)}</title>
<style>
${style}
</style>
</head>
<body${attributes}>
${shared}
${body}
<footer class="foot">Made by millrace. Shares are of the time of the run, averaged over the workers
of a stage; latency is from the bucket to the end of the load.</footer>
</body>
</html>
`;
}
