/**
 * The pages that the user sees in the browser. Fixed text: nothing of a request is ever put into them, so
 * there is nothing to escape. No scripts, no outside resources; the headers forbid both.
 *
 * The success page says that the response arrived, not that the user is signed in: at that moment the code is
 * yet to be redeemed, and the terminal reports the result.
 */

export type PageName = "received" | "denied" | "failed";

interface Text {
  readonly title: string;
  readonly heading: string;
  /** HTML. */
  readonly lead: string;
  /** Outline of the sign in the circle, in a box of 24 by 24. */
  readonly sign: string;
}

const TEXTS: Readonly<Record<PageName, Text>> = {
  received: {
    title: "Back to the terminal · gum-cred",
    heading: "That’s all for the browser",
    lead: "gum-cred has Gumloop’s answer and is finishing the sign-in.",
    sign: "M6.5 12.5l3.6 3.6 7.4-8",
  },
  denied: {
    title: "Access denied · gum-cred",
    heading: "Access was denied",
    lead: "Nothing was stored. To try again, run <code>gum-cred login</code> and choose Allow.",
    sign: "M7 12h10",
  },
  failed: {
    title: "Sign-in failed · gum-cred",
    heading: "The sign-in did not work",
    lead: "Gumloop answered with an error. Nothing was stored; the terminal says what went wrong.",
    sign: "M12 6.8v6.4M12 16.9v.2",
  },
};

// Every text colour reaches a contrast of 7 to 1 on its ground (WCAG 2.2, 1.4.6).
const STYLE = `
:root{color-scheme:light dark;--ground:#f6f5f2;--card:#fff;--edge:#e6e3dc;--ink:#1d1c1a;--soft:#504d47;--tone:#17603f;--wash:#e2f1e8}
.denied,.failed{--tone:#7f3d0c;--wash:#fbecdc}
@media (prefers-color-scheme:dark){
:root{--ground:#151618;--card:#1e2023;--edge:#303338;--ink:#f2f1ee;--soft:#c2c0ba;--tone:#8fdcb4;--wash:#1d3429}
.denied,.failed{--tone:#f5bd86;--wash:#3a2a1b}}
*{box-sizing:border-box;margin:0}
body{min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,Ubuntu,Cantarell,sans-serif}
main{width:100%;max-width:29rem;padding:3rem 2.5rem 2.25rem;text-align:center;background:var(--card);
border:1px solid var(--edge);border-radius:1.25rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06)}
svg{width:4rem;height:4rem;border-radius:50%;background:var(--wash);fill:none;stroke:var(--tone);
stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
h1{margin:1.5rem 0 .75rem;font-size:1.625rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
p{color:var(--soft);text-wrap:balance}
code{padding:.1em .35em;border:1px solid var(--edge);border-radius:.375rem;white-space:nowrap;
font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.next{margin-top:.75rem;color:var(--ink);font-weight:600}
footer{margin-top:2.25rem;padding-top:1.25rem;border-top:1px solid var(--edge);color:var(--soft);font-size:.875rem}
@media (max-width:30rem){main{padding:2.25rem 1.5rem 1.75rem}}
@media (forced-colors:active){svg{border:1px solid}}`;

/** The whole page as a response. */
export function page(name: PageName): Response {
  return new Response(html(name), { headers: { ...headers(), "content-type": "text/html; charset=utf-8" } });
}

/** The answer to a request that is not the callback waited for: a fixed line. */
export function notice(status: number, line: string): Response {
  return new Response(`${line}\n`, {
    status,
    headers: { ...headers(), "content-type": "text/plain; charset=utf-8" },
  });
}

function html(name: PageName): string {
  const { title, heading, lead, sign } = TEXTS[name];
  return `<!doctype html>
<html lang="en" class="${name}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<svg viewBox="-5 -5 34 34" aria-hidden="true"><path d="${sign}"/></svg>
<h1>${heading}</h1>
<p>${lead}</p>
<p class="next">You can close this window and go back to the terminal.</p>
<footer>gum-cred · sign-in for Gumloop</footer>
</main>
</body>
</html>
`;
}

function headers(): Record<string, string> {
  const hash = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
  return {
    "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    // The address holds the authorization code: it goes into no cache and no Referer.
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    connection: "close",
  };
}
