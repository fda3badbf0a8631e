// One person's browser, and what it must not do.
import { readFileSync } from "node:fs";
import { LONG, origin, until } from "./host.mjs";
import { PASSWORD, PEOPLE } from "./people.mjs";
import { shown } from "./shown.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export const WIDE = { width: 1280, height: 800 };
/** A small phone. */
export const NARROW = { width: 360, height: 740 };

export class Visit {
  #complaints = [];
  #expected = [{ status: 401, path: "/api/me" }];
  #ignored = [];
  #offline = false;
  /** What its tabs asked the PBX for, and have no whole answer to. */
  #waiting = new Set();
  /** What they said to the console, to be told with a failure. */
  #said = [];

  constructor(context, as) {
    context.setDefaultTimeout(LONG * 1000);
    this.context = context;
    this.as = as;
    this.origins = new Set([origin]);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && !this.origins.has(url.origin)) {
        this.#complaints.push(`asks somebody else: ${url}`);
      }
      // The stream of events has no end.
      if (url.pathname.startsWith("/api/") && url.pathname !== "/api/events") this.#waiting.add(request);
    });
    for (const over of ["requestfinished", "requestfailed"]) context.on(over, (request) => this.#waiting.delete(request));
  }

  /** Until all that the page asked for is there, and shown. */
  async settled() {
    const idle = () => this.page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => setTimeout(shown, 50))));
    await until("answers to all that was asked for", async () => {
      if (this.#waiting.size) return false;
      await idle();
      return this.#waiting.size === 0;
    });
  }

  /** What its tabs show and said, with a picture of each beside `file`. */
  async shows(file) {
    const all = [];
    for (const [at, page] of this.context.pages().entries()) all.push(await shown(page, file.replace(/\.png$/, `-${at}.png`)));
    if (this.#waiting.size) all.push(`no answer yet to: ${[...this.#waiting].map((one) => `${one.method()} ${one.url()}`).join(", ")}`);
    if (this.#said.length) all.push(`the console:\n${this.#said.slice(-20).join("\n")}`);
    return `What ${this.as ?? "somebody"} sees:\n${all.join("\n")}`;
  }

  /** A refusal with this status is meant; `path` is how the address begins. */
  expects(status, path) {
    this.#expected.push({ status, path });
    return this;
  }

  /** Without the network, and with it again. What cannot be loaded meanwhile is no fault of the page. */
  async offline(on) {
    if (on) this.#offline = true;
    await this.context.setOffline(on);
  }

  /** A tab. */
  async open() {
    // What was on its way to a tab that is closed is waited for by nobody.
    if (this.page?.isClosed()) this.#waiting.clear();
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.#complaints.push(`throws: ${error.stack ?? error}`));
    page.on("console", (message) => {
      this.#said.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      if (message.type() === "error" && !this.#isExpected(message)) {
        this.#complaints.push(`says: ${message.text()} (${message.location().url})`);
      }
    });
    this.page = page;
    return page;
  }

  /** An error that is said to the console, and not the page's. */
  ignores(text) {
    this.#ignored.push(text);
    return this;
  }

  #isExpected(message) {
    const text = message.text();
    if (this.#ignored.some((one) => text.includes(one))) return true;
    if (!text.startsWith("Failed to load resource")) return false;
    if (this.#offline && text.includes("net::")) return true;
    const path = URL.canParse(message.location().url) ? new URL(message.location().url).pathname : "";
    return this.#expected.some((one) => text.includes(` ${one.status} `) && path.startsWith(one.path));
  }

  async goto(path) {
    if (!this.page) await this.open();
    return this.page.goto(new URL(path, origin).href);
  }

  /** Signs in by the form, where the browser is. */
  async signIn(name = PEOPLE[this.as].name, password = PASSWORD) {
    await this.page.fill("form [name=name]", name);
    await this.page.fill("form [name=password]", password);
    await this.page.click("form button");
  }

  /** What it did that no page may do, as an error. */
  check() {
    if (this.#complaints.length) throw new Error(`the page ${this.#complaints.join("\nthe page ")}`);
  }

  /** Fails if axe finds anything. */
  async axe(look = "") {
    this.check();
    await this.page.evaluate(`window.axe || (() => {${axe}})()`);
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
      return violations.map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)}: ${node.failureSummary}`),
      }));
    });
    if (found.length) throw new Error(`axe ${look}: ${JSON.stringify(found, null, 1)}`);
  }

  async close() {
    await this.context.close();
  }
}
