// A browser with the PBX in front of it: plays the states and scenarios of a page.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { origin } from "./host.mjs";
import { settle } from "./people.mjs";
import { NARROW, Visit, WIDE } from "./visit.mjs";

const pictures = process.env.PBX_SCREENSHOTS;

/** While one is being written: only the states and scenarios with this in their names. */
const only = process.env.PBX_ONLY ?? "";

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

  /** A browser of its own; signed in as `as` and at the start, if somebody is named. */
  async visit({ as, locale = "en-GB" } = {}) {
    const visit = new Visit(await this.browser.newContext({ viewport: WIDE, locale, baseURL: origin }), as);
    if (as) {
      await visit.goto("/");
      await visit.signIn();
      await visit.page.waitForSelector("form [name=password]", { state: "detached" });
    }
    return visit;
  }

  async play(name, { states = [], scenarios = {} }) {
    const failures = [];
    for (const state of states.filter((one) => one.name.includes(only))) {
      // All of them: what axe finds in one it finds in others.
      await this.#labelled(`${name}, ${state.name}`, () => this.#look(name, state)).catch((error) => failures.push(error.message));
    }
    if (failures.length) throw new Error(failures.join("\n"));
    if (pictures) return;
    for (const [what, run] of Object.entries(scenarios).filter(([what]) => what.includes(only))) {
      await this.#labelled(`${name}: ${what}`, async () => {
        const visits = [];
        const visit = async (how) => {
          const made = await this.visit(how);
          visits.push(made);
          return made;
        };
        try {
          await run({ visit });
          visits.forEach((made) => made.check());
        } finally {
          for (const made of visits) await made.close();
        }
      });
    }
  }

  async #look(page, state) {
    const visit = await this.#person(state.as);
    await visit.open();
    try {
      await state.open(visit);
      for (const { look, scheme, size } of LOOKS) {
        await visit.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        await visit.page.setViewportSize(size);
        if (pictures) await this.#picture(visit, `${page}-${state.name}-${look}`);
        else await this.#fits(visit, look).then(() => visit.axe(look));
      }
      await state.close?.(visit);
      visit.check();
    } finally {
      await visit.page.close();
      await visit.page.context().setOffline(false);
    }
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

  async #labelled(label, work) {
    try {
      return await work();
    } catch (error) {
      throw new Error(`${label}: ${error?.stack ?? error}`);
    }
  }

  async close() {
    await this.browser.close();
  }
}
