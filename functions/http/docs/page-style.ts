export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f8fa, #14171c); --card: light-dark(#ffffff, #1c2027); --ink: light-dark(#1a1f27, #e6e9ee);
  --faint: light-dark(#586273, #9aa5b5); --line: light-dark(#dde2e9, #313845); --field: light-dark(#ffffff, #14171c);
  --accent: light-dark(#1f5fbf, #7fb2ff); --code: light-dark(#f1f3f7, #11141a);
  --get: light-dark(#1f5fbf, #7fb2ff); --post: light-dark(#1d7a45, #6fd39b); --change: light-dark(#96590a, #f0b65a);
  --bad: light-dark(#b3261e, #ff8b80);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center;
  padding: .6rem max(1rem, calc(50vw - 34rem)); background: var(--card); border-bottom: 1px solid var(--line); }
h1 { margin: 0 auto 0 0; font-size: 1.1rem; }
h2 { margin: 2rem 0 .5rem; font-size: .95rem; font-weight: 600; color: var(--faint); }
h3 { margin: 1.1rem 0 .4rem; font-size: .85rem; font-weight: 600; }
main { max-width: 70rem; margin: 0 auto; padding: 0 1rem 4rem; }
#who { color: var(--faint); font-size: .85rem; }
header label { display: flex; gap: .5rem; align-items: center; color: var(--faint); font-size: .85rem; }
input, select, textarea, button { font: inherit; color: inherit; background: var(--field); border: 1px solid var(--line);
  border-radius: 6px; padding: .35rem .55rem; min-width: 0; }
textarea, pre, code, .path, .method { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .85rem; }
textarea { width: 100%; min-height: 8rem; resize: vertical; }
button { cursor: pointer; background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; padding: .4rem 1rem; }
button.plain { background: none; color: var(--accent); border-color: var(--line); font-weight: 400; }
button:disabled { opacity: .6; cursor: progress; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
details.route { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; scroll-margin-top: 4.5rem; }
summary { display: grid; grid-template-columns: 4rem 23rem 1fr auto; gap: .25rem .75rem; align-items: baseline;
  padding: .55rem .8rem; cursor: pointer; list-style: none; border-radius: 8px; }
summary::-webkit-details-marker { display: none; }
.method { font-weight: 700; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch, .delete { color: var(--change); }
.path { overflow-wrap: anywhere; }
.about, .note, .who { color: var(--faint); }
.about { font-size: .9rem; }
.who { font-size: .75rem; border: 1px solid var(--line); border-radius: 99px; padding: 0 .5rem; white-space: nowrap; }
.inside summary { display: block; padding: .3rem 0; color: var(--accent); }
.inside { padding: 0 .8rem .9rem; border-top: 1px solid var(--line); }
.fields { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 20rem) 1fr; gap: .4rem .9rem; align-items: center; }
.fields label { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .85rem; }
.fields .kind { color: var(--faint); font-size: .85rem; overflow-wrap: anywhere; }
.required::after { content: " *"; color: var(--bad); }
.actions { display: flex; gap: .6rem; align-items: center; margin: .9rem 0 0; flex-wrap: wrap; }
pre { margin: .4rem 0 0; padding: .7rem .8rem; background: var(--code); border: 1px solid var(--line); border-radius: 6px;
  overflow: auto; max-height: 28rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.bad { color: var(--bad); } .good { color: var(--post); }
[hidden] { display: none !important; }
@media (max-width: 44rem) {
  summary { grid-template-columns: 4rem 1fr auto; } .about { grid-column: 1 / -1; } .who { grid-area: 1 / 3; }
  .fields { grid-template-columns: 1fr; gap: .2rem; } .fields .kind { margin-bottom: .4rem; }
  header label { flex: 1 1 10rem; } header input { flex: 1; width: 100%; } h1 { flex-basis: 100%; }
}
`;
