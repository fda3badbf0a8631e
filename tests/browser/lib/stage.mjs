// A browser with the PBX in front of it: plays the states and scenarios of a page.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { origin } from "./host.mjs";
import { settle } from "./people.mjs";
import { NARROW, Visit, WIDE } from "./visit.mjs";

const pictures = process.env.PBX_SCREENSHOTS;

/** Where pictures of what failed go. */
const failed = process.env.PBX_FAILED;

/** While one is being written: only the states and scenarios with this in their names. */
const only = process.env.PBX_ONLY ?? "";

/** So long, in milliseconds, one state or scenario may take: what hangs is a failure, and not the end of all. */
const LIMIT = 300_000;
const within = (limit, work) => {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`not over after ${limit / 1000} s`)), limit)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** What each state is looked at in. */
const LOOKS = [
  { look: "wide-light", scheme: "light", size: WIDE },
  { look: "wide-dark", scheme: "dark", size: WIDE },
  { look: "narrow-light", scheme: "light", size: NARROW },
  { look: "narrow-dark", scheme: "dark", size: NARROW },
];

export class Stage {
  /** Whoever signed in once stays so, for all states. */
  #people = new Map();

  static async start() {
    const stage = new Stage();
    await settle();
    stage.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        // A name that is not the PBX's.
        "--host-resolver-rules=MAP elsewhere.test 127.0.0.1",
      ],
    });
    return stage;
  }

  /** A browser of its own; signed in as `as` and at the start, if somebody is named. `seen` is told of it first. */
  async visit({ as, locale = "en-GB" } = {}, seen = () => {}) {
    const visit = new Visit(await this.browser.newContext({ viewport: WIDE, locale, baseURL: origin }), as);
    seen(visit);
    if (as) {
      await visit.goto("/");
      await visit.signIn();
      await visit.page.waitForSelector("form [name=password]", { state: "detached" });
    }
    return visit;
  }

  /** All states and scenarios of a page, whichever fails: each failure with what was shown then. */
  async play(name, { states = [], scenarios = {} }) {
    const failures = [];
    const played = async (label, work) => {
      const visits = [];
      const began = performance.now();
      await within(LIMIT, work((visit) => visits.push(visit)))
        .catch(async (error) => {
          const file = join(failed, `${label.replace(/[^\w-]+/g, "-")}.png`);
          const shown = [];
          for (const visit of visits) shown.push(await visit.shows(file.replace(/\.png$/, `-${shown.length + 1}.png`)));
          failures.push([`${label}: ${error?.stack ?? error}`, ...shown].join("\n"));
          for (const visit of visits) await visit.close().catch(() => {});
        });
      process.stderr.write(`  ${label}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    };
    for (const state of states.filter((one) => one.name.includes(only))) {
      await played(`${name}, ${state.name}`, (seen) => this.#look(name, state, seen));
    }
    for (const [what, run] of Object.entries(pictures ? {} : scenarios).filter(([what]) => what.includes(only))) {
      await played(`${name}: ${what}`, (seen) => this.#run(run, seen));
    }
    if (failures.length) throw new Error(`${failures.length} failed\n\n${failures.join("\n\n")}`);
  }

  async #run(run, seen) {
    const visits = [];
    const visit = async (how) => {
      const made = await this.visit(how, seen);
      visits.push(made);
      return made;
    };
    await run({ visit });
    visits.forEach((made) => made.check());
    for (const made of visits) await made.close();
  }

  async #look(page, state, seen) {
    const visit = await this.#person(state.as);
    seen(visit);
    await visit.open();
    try {
      await state.open(visit);
      for (const { look, scheme, size } of LOOKS) {
        await visit.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        await visit.page.setViewportSize(size);
        if (pictures) await this.#picture(visit, `${page}-${state.name}-${look}`);
        else await this.#fits(visit, look).then(() => visit.axe(look));
      }
      visit.check();
    } catch (error) {
      // What is left of this browser is told of and closed; the next state gets one of its own.
      this.#people.delete(state.as ?? "");
      await Promise.resolve(state.close?.(visit)).catch(() => {});
      throw error;
    }
    await state.close?.(visit);
    await visit.page.close();
    await visit.context.setOffline(false);
  }

  async #picture(visit, name) {
    mkdirSync(pictures, { recursive: true });
    // What is above the page is as high as the window.
    const fullPage = (await visit.page.locator("dialog[open]").count()) === 0;
    await visit.page.screenshot({ path: join(pictures, `${name}.png`), fullPage, animations: "disabled" });
  }

  /** Nothing is wider than the window. */
  async #fits(visit, look) {
    const [page, window] = await visit.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    if (page > window) throw new Error(`${look}: the page is ${page} px wide, the window ${window}`);
  }

  async #person(as = "") {
    if (!this.#people.has(as)) {
      const visit = await this.visit(as ? { as } : {});
      await visit.page?.close();
      this.#people.set(as, visit);
    }
    return this.#people.get(as);
  }

  async close() {
    await this.browser.close();
  }
}
