// Looks at the pages in headless Chromium, for tests/pages.rs: takes {"page": NAME} as a line of JSON, plays
// pages/NAME.mjs, and answers {} or {"error": TEXT}.
//
// Each page has a PBX and a browser of its own: nothing that another one left behind is in its way. Within a page the
// states come first, then the scenarios, in their order; each scenario undoes what others would stumble over. What is
// waited for is a condition, as long as it may take on a slow machine: what follows an act (a message, a row, the
// focus) is there later than the act, and what the PBX has is there before the page shows it.
//
// To add a page, add a file to pages/. It exports
//
//   states     [{ name, as?, open(visit) }]: `open` brings the page into a state worth seeing, and waits until it is
//              there. Each is looked at light and dark, wide and narrow, and axe must find nothing in any of them;
//              `make screenshots` takes the same pictures. `as` is who is signed in (lib/people.mjs), nobody if
//              it is left out. A page that changes something for others undoes it in `close(visit)`.
//   scenarios  { "what is shown": async (stage) => {…} }: what people do there, and what must come of it.
//              `stage.visit({ as })` opens a browser of its own; lib/visit.mjs says what it offers.
//
// Everywhere it is a failure if the page says an error to the console, breaks the Content-Security-Policy, asks
// anybody but the PBX for anything, or throws; `visit.expects(STATUS, PATH)` allows a refusal that is meant.
// One page by itself: cargo test --test pages -- NAME; PBX_ONLY=TEXT takes what has the text in its name.
import { createInterface } from "node:readline";
import { Stage } from "./lib/stage.mjs";

let stage;
for await (const line of createInterface({ input: process.stdin })) {
  const { page } = JSON.parse(line);
  if (!page) break;
  let answer = {};
  try {
    stage ??= await Stage.start();
    await stage.play(page, await import(`./pages/${page}.mjs`));
  } catch (error) {
    answer = { error: error?.stack ?? String(error) };
  }
  console.log(JSON.stringify(answer));
}
// A browser that does not end is left to whoever ends this process's group.
setTimeout(() => process.exit(0), 20_000).unref();
await stage?.close();
process.exit(0);
