// What people do with the phone of the page, by its own buttons; for tests/switch/softphone_pages.rs.

/** Kept before anything of the page runs: what the page hears, which it shows nobody. */
const ears = () => {
  const all = [];
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    constructor(...how) {
      super(...how);
      all.push(this);
    }
  };
  window.heard = async () => {
    const sound = { sent: 0, received: 0, energy: 0 };
    for (const connection of all.filter((one) => one.connectionState !== "closed")) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === "outbound-rtp") sound.sent += report.packetsSent;
        if (report.type === "inbound-rtp") {
          sound.received += report.packetsReceived;
          sound.energy += report.totalAudioEnergy ?? 0;
        }
      }
    }
    return sound;
  };
};

const row = (page, number) => page.locator("tbody tr", { has: page.locator(`td:text-is("${number}")`) });
const openPad = async (page) => {
  const pad = page.locator("details.dial");
  if (!(await pad.evaluate((one) => one.open))) await pad.locator("summary").click();
  return pad;
};
/** What should be there in a moment: on a slow machine a moment is long. */
const LONG = { timeout: 60_000 };
const online = (page) => page.waitForSelector(".phone header .state.online");

/** The verbs, for `pages` by name in `browser`. */
export const calls = (browser, pages) => {
  const page = ({ as }) => pages.get(as);
  return {
    /** A person signs in and goes online. */
    async visit({ as, origin, name, password }) {
      const context = await browser.newContext({ permissions: ["microphone"] });
      context.setDefaultTimeout(LONG.timeout);
      await context.addInitScript(ears);
      const opened = await context.newPage();
      pages.set(as, opened);
      await opened.goto(`${origin}/`);
      await opened.fill("form [name=name]", name);
      await opened.fill("form [name=password]", password);
      await opened.click("form button");
      await opened.click(".phone .primary:has-text('Go online')");
      await online(opened);
      await opened.waitForSelector("tbody tr");
    },
    /** The call button in somebody's row. */
    async callRow(how) {
      await row(page(how), how.number).locator("button").click();
    },
    async answer(how) {
      await page(how).click(".call.ringing .answer");
    },
    async transfer(how) {
      await page(how).click(".call.active button:has-text('Transfer')");
      await page(how).fill(".transfer input", how.number);
      await page(how).click(".transfer .primary");
    },
    /** Somebody else is called first, while this call waits. */
    async speakFirst(how) {
      await page(how).click(".call.active button:has-text('Transfer')");
      await page(how).fill(".transfer input", how.number);
      await page(how).click(".transfer button:has-text('Speak first')");
    },
    /** The two that are spoken with are left to each other. */
    async connect(how) {
      await page(how).click(".transfer button:has-text('Connect with')");
    },
    async hold(how) {
      await page(how).click(".call.active button:has-text('Hold')");
    },
    async resume(how) {
      await page(how).click(".call.held button:has-text('Resume')");
    },
    /** Dials by the pad. */
    async dial(how) {
      const pad = await openPad(page(how));
      await pad.locator("input").fill(how.number);
      await pad.locator(".primary").click();
    },
    async echoTest(how) {
      const pad = await openPad(page(how));
      await pad.locator("button:has-text('Echo test')").click();
    },
    /** Presses digits during a call. */
    async digits(how) {
      const keypad = page(how).locator(".call.active .pad");
      if (!(await keypad.count())) await page(how).click(".call.active button:has-text('Keypad')");
      for (const digit of how.digits) await keypad.locator("button", { hasText: digit }).first().click();
    },
    /** The network of this browser goes, and comes back. */
    async network(how) {
      await page(how).context().setOffline(!how.there);
    },
    async isOnline(how) {
      await online(page(how));
    },
    async isOffline(how) {
      await page(how).waitForSelector(".phone header .state.offline", { state: "attached", timeout: 60_000 });
    },
    /** What is said of the sound in numbers, behind what is said in a word. */
    async figures(how) {
      const quality = page(how).locator(".call.active button.quality");
      await quality.click(LONG);
      const shown = page(how).locator(".call.active .figures > div");
      await shown.first().waitFor(LONG);
      return Object.fromEntries(
        await shown.evaluateAll((all) => all.map((one) => [one.querySelector("dt").innerText, one.querySelector("dd").innerText])),
      );
    },
    /** The newest of one's own calls with this number: called back by its button. */
    async callBack(how) {
      await page(how).click("nav a[href='/calls']");
      const past = page(how).locator("li.past", { hasText: how.number }).first();
      await past.locator("button").click(LONG);
    },
    async hangUp(how) {
      await page(how).click(".call .hangup");
    },
    /** Waits for a call in this state; answers what is said of it. */
    async call(how) {
      const card = await page(how).waitForSelector(`.call.${how.state}`, LONG);
      return card.innerText();
    },
    async noCall(how) {
      await page(how).waitForSelector(".call:not(.over)", { state: "detached", ...LONG });
    },
    async rowIs(how) {
      await row(page(how), how.number).locator(`.state.${how.state}`).waitFor(LONG);
    },
    /** Begins to watch a row: `rowChanged` answers when (milliseconds of the clock) it came to show the state. */
    async watchRow(how) {
      await row(page(how), how.number).evaluate((element, state) => {
        window.rowChanged = new Promise((resolve) => {
          const observer = new MutationObserver(() => {
            if (!element.querySelector(`.state.${state}`)) return;
            observer.disconnect();
            // When it is painted, not when it is known.
            requestAnimationFrame(() => resolve(Date.now()));
          });
          observer.observe(element, { attributes: true, childList: true, characterData: true, subtree: true });
        });
      }, how.state);
    },
    async rowChanged(how) {
      return page(how).evaluate("window.rowChanged");
    },
    async reload(how) {
      await page(how).reload();
      await online(page(how));
    },
    /** How much is heard in each of so many seconds: energy. Chromium's fake microphone beeps twice a second. */
    async loudness(how) {
      const all = [];
      let before = (await page(how).evaluate("window.heard()")).energy;
      for (let second = 0; second < how.seconds; second++) {
        await new Promise((done) => setTimeout(done, 1_000));
        const now = (await page(how).evaluate("window.heard()")).energy;
        all.push(now - before);
        before = now;
      }
      return all;
    },
    /** Waits until so much more was sent and heard: packets, and energy (Chromium's fake microphone beeps). */
    async hears(how) {
      const before = await page(how).evaluate("window.heard()");
      const end = Date.now() + LONG.timeout;
      for (;;) {
        const now = await page(how).evaluate("window.heard()");
        const [sent, received] = [now.sent - before.sent, now.received - before.received];
        const energy = now.energy - before.energy;
        if (sent > 50 && received > 50 && energy > 0.001) return now;
        if (Date.now() > end) throw new Error(`heard ${JSON.stringify({ sent, received, energy })} in ${LONG.timeout / 1000} s`);
        await new Promise((done) => setTimeout(done, 100));
      }
    },
  };
};
