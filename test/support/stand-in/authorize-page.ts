/**
 * The HTML a person sees at `/oauth/authorize`: the question, and the refusal. No scripts, nothing reflected unescaped.
 */

/** Asks whether the client may have these scopes. `request` comes back with the answer. */
export function approvalPage(request: string, scope: readonly string[]): Response {
  return page(
    200,
    "Allow Gumloop CLI?",
    `<p>The Gumloop CLI asks for access to the account of this <strong>stand-in</strong> server. No real account is involved.</p>
    <ul>${scope.map((name) => `<li><code>${Bun.escapeHTML(name)}</code></li>`).join("")}</ul>
    <form method="post" action="/oauth/authorize">
      <input type="hidden" name="request" value="${Bun.escapeHTML(request)}">
      <button name="decision" value="allow">Allow</button>
      <button name="decision" value="deny">Deny</button>
    </form>`,
  );
}

/** Says why nothing was sent back to the client (RFC 6749 §4.1.2.1 forbids redirecting to an unchecked URI). */
export function refusalPage(reason: string): Response {
  return page(400, "This request cannot be answered", `<p>${Bun.escapeHTML(reason)}</p>`);
}

function page(status: number, title: string, body: string): Response {
  const html = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>${title}</title></head>
  <body style="font-family: system-ui; max-width: 32rem; margin: 4rem auto">
    <h1>${title}</h1>
    ${body}
  </body>
</html>
`;
  return new Response(html, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // No form-action: browsers apply it to the redirect that follows the form, too.
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}
