// One person's browser, and what it must not do.
import { readFileSync } from "node:fs";
import { origin } from "./host.mjs";
import { PASSWORD, PEOPLE } from "./people.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export const WIDE = { width: 1280, height: 800 };
/** A small phone. */
export const NARROW = { width: 360, height: 740 };

export class Visit {
  #complaints = [];
  #expected = [{ status: 401, path: "/api/me" }];
  #ignored = [];
  #offline = false;

  constructor(context, as) {
    this.context = context;
    this.as = as;
    this.origins = new Set([origin]);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && !this.origins.has(url.origin)) {
        this.#complaints.push(`asks somebody else: ${url}`);
      }
    });
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
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.#complaints.push(`throws: ${error.stack ?? error}`));
    page.on("console", (message) => {
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
