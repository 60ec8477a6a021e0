/**
 * What a browser shows for an invitation link. What matters of the link stands behind `#` and never reaches the server; the page
 * has no script and asks for nothing else, so nothing can read it there either.
 */
import { createHash } from "node:crypto";

const style = `:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1.2rem}
code{font-family:ui-monospace,monospace;padding:.1em .3em;border:1px solid;border-radius:.3em;overflow-wrap:anywhere}`;

export const invitationPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>A Photon invitation</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Somebody wants to stay in touch with you</h1>
<p>This is a Photon invitation. Photon keeps your relationships and conversations even when you lose your devices, and no
provider learns whom you know.</p>
<p>The address of this page is the invitation. It works once, and for seven days. Copy the whole of it, then run</p>
<p><code>photon accept 'THE WHOLE ADDRESS' --petname NAME</code></p>
<p>where NAME is what you call the person who sent it to you.</p>
<p>Only accept it if you know who sent it. Do not pass it on, and do not post it anywhere.</p>
</main>
</body>
</html>
`;

const styleHash = createHash("sha256").update(style).digest("base64");
export const invitationPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
