/** The page before its script runs. */
export function pageMarkup({ style, script }: { style: string; script: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Rota API</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Rota API</h1>
<label class="search">Filter<input id="filter" type="search" placeholder="path, method or words" autocomplete="off" aria-keyshortcuts="/"></label>
<label class="key">Key<input id="key" type="password" placeholder="operator or viewer key" autocomplete="off" spellcheck="false"></label>
<output id="who" for="key" aria-live="polite"></output>
</header>
<main id="main"><p class="note" role="status">Reading the API description…</p></main>
<noscript><p class="note">This page needs JavaScript. The same description is in <a href="openapi.json">openapi.json</a>.</p></noscript>
<script>${script}</script>
</body>
</html>
`;
}
