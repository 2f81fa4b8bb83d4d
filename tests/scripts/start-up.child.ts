/** Loads a built app as the Functions host does, and prints what it loads. Argument: the URL of the app. */
import { registerHooks } from "node:module";

const files: string[] = [];
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) files.push(url);
    return next(url, context);
  },
});
let formats = 0;
Intl.DateTimeFormat = new Proxy(Intl.DateTimeFormat, {
  construct(made, args) {
    formats += 1;
    return Reflect.construct(made, args) as object;
  },
});
await import(process.argv[2]!);
const { rotaBenchRegistered: registered } = globalThis as { rotaBenchRegistered?: number };
console.log(JSON.stringify({ files, formats, registered }));
process.exit(0);
