// Drives headless Chromium for the tests of the switch: takes commands as lines of JSON, answers each with a line.
// A command is {"do": "open" | "run" | "until" | "close", "as": NAME, …}, or one of calls.mjs; see tests/switch/chromium.rs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { calls } from "./calls.mjs";
import { shown } from "./lib/shown.mjs";
import { own } from "./own.mjs";

const client = readFileSync(new URL("client.js", import.meta.url), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
  ],
});
const pages = new Map();

// A browser of its own for each name: cookies are not shared. Signs in by the page's own form.
const open = async ({ as, origin, name, password, channel }) => {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  await page.fill(".form [name=name]", name);
  await page.fill(".form [name=password]", password);
  await page.click(".form button");
  await page.waitForSelector("header.top button");
  await page.evaluate(client);
  pages.set(as, page);
  return page.evaluate((how) => window.startClient(how), { channel });
};

// Runs an expression in the page; `until` again and again until it holds.
const run = ({ as, script }) => pages.get(as).evaluate(script);
const until = async ({ as, script, seconds = 60 }) => {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await run({ as, script });
    if (value) return value;
    if (Date.now() > end) {
      const heard = await run({ as, script: "client.report()" });
      throw new Error(`waited ${seconds} s for ${script}; ${heard}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
};

const verbs = { open, run, until, ...calls(browser, pages), ...own(browser, pages) };
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.do === "close") break;
  try {
    const value = await verbs[command.do](command);
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    // What everybody sees, for whoever reads of it.
    const all = [];
    for (const [as, page] of pages) {
      const file = join(process.env.PBX_FAILED, `${process.pid}-${command.do}-${as}.png`);
      all.push(`What ${as} sees:\n${await shown(page, file)}`);
    }
    console.log(JSON.stringify({ error: [String(error), ...all].join("\n") }));
  }
}
await browser.close();
// What is left is a pipe that nobody writes to.
process.exit(0);
