// What people do on the pages of what is theirs, by the pages' own buttons; for tests/switch/voicemail/own.rs.
import { createHash } from "node:crypto";

const TIME = { timeout: 60_000 };

/** The verbs, for `pages` by name in `browser`. */
export const own = (browser, pages) => {
  const page = ({ as }) => pages.get(as);
  const line = (how) => page(how).locator("li", { has: page(how).locator(`strong:text-is("${how.username}")`) });
  return {
    /** A person signs in and goes to their lines. */
    async enter({ as, origin, name, password }) {
      const context = await browser.newContext();
      context.setDefaultTimeout(TIME.timeout);
      const opened = await context.newPage();
      pages.set(as, opened);
      await opened.goto(`${origin}/lines`);
      await opened.fill("form [name=name]", name);
      await opened.fill("form [name=password]", password);
      await opened.click("form button");
      await opened.waitForSelector(".panel ul.rows", TIME);
    },
    /** Adds a line with this name and a password that is made up; what is shown of it, by its label. */
    async makeLine(how) {
      await page(how).click("button:has-text('Add a phone')");
      await page(how).fill("form [name=line]", how.username);
      await page(how).click("form button:has-text('Make the line')");
      await page(how).waitForSelector(".once svg.qr path", TIME);
      const shown = await page(how).$$eval(".facts > div", (facts) =>
        Object.fromEntries(facts.map((fact) => [fact.querySelector("dt").innerText, fact.querySelector("code").innerText])),
      );
      await page(how).click(".once button:has-text('Done')");
      await page(how).waitForSelector(".once", { state: "detached" });
      return shown;
    },
    /** Waits until a line is so; what is said of its phones. */
    async lineIs(how) {
      await line(how).locator(`.state.${how.state}`).waitFor(TIME);
      return line(how).innerText();
    },
    async revoke(how) {
      await line(how).locator("button:has-text('Revoke')").click();
      await line(how).locator("button.hangup").click();
      await line(how).waitFor({ state: "detached", ...TIME });
    },
    async goTo(how) {
      await page(how).click(`nav a:text-is("${how.page}")`);
      await page(how).waitForSelector(`h1:text-is("${how.page}")`, TIME);
    },
    /** Waits for so many messages; whether each is new. */
    async messages(how) {
      const all = page(how).locator("li.message");
      const end = Date.now() + TIME.timeout;
      for (;;) {
        const found = await all.evaluateAll((items) => items.map((item) => item.classList.contains("new")));
        if (found.length === how.count && (how.fresh === undefined || found.filter(Boolean).length === how.fresh)) return found;
        if (Date.now() > end) throw new Error(`messages, and which are new: ${JSON.stringify(found)}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    /** The bytes of the first message's sound, as the page gets them: SHA-256 in hex. */
    async sound(how) {
      const bytes = await page(how).locator("li.message audio").first().evaluate(async (audio) => {
        const answer = await fetch(audio.src);
        if (answer.status !== 200) throw new Error(`${answer.status}`);
        return [...new Uint8Array(await answer.arrayBuffer())];
      });
      return createHash("sha256").update(Buffer.from(bytes)).digest("hex");
    },
    /** Plays the first message until a second of it was heard; its length in seconds. */
    async play(how) {
      const audio = page(how).locator("li.message audio").first();
      await audio.evaluate((element) => element.play());
      return audio.evaluate(
        (element) =>
          new Promise((resolve, reject) => {
            element.onerror = () => reject(new Error(element.error?.message));
            element.ontimeupdate = () => element.currentTime > 1 && resolve(element.duration);
          }),
      );
    },
    async press(how) {
      await page(how).locator("li.message").first().locator(`button:has-text('${how.button}')`).click();
    },
  };
};
