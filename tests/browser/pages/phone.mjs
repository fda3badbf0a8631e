// The phone of the page in calls, as far as the page shows them: the switch is a double (lib/switch.mjs).
import { fits } from "../lib/admin.mjs";
import { equal, until } from "../lib/host.mjs";
import { channelOf } from "../lib/people.mjs";
import { Switch } from "../lib/switch.mjs";
import { NARROW, WIDE } from "../lib/visit.mjs";

/** The person of a visit is online, at the page of their extension. */
const online = async (visit) => {
  const behind = await Switch.behind(visit);
  await visit.goto(`/extensions/${await channelOf("1001")}`);
  await visit.page.click(".phone .primary:has-text('Go online')");
  await visit.page.waitForSelector(".phone header .state.online");
  return behind;
};
const numbers = (behind) => behind.params("verto.invite").map(({ dialogParams }) => dialogParams.destination_number);
const pad = async ({ page }) => {
  await page.click("details.dial > summary");
  return page.locator("details.dial input");
};
const wrong = ({ page }, where) => page.waitForSelector(`${where} [role=alert]:has-text("That is no number")`);

export const scenarios = {
  "what cannot be dialled is said at once, and a number that was pasted is dialled": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const behind = await online(alice);
    const input = await pad(alice);
    await input.fill("Bob Böhm");
    await input.press("Enter");
    await wrong(alice, "details.dial");
    equal(await input.inputValue(), "Bob Böhm", "what was typed is still there");
    equal(await input.getAttribute("aria-invalid"), "true", "the field is marked");
    await alice.axe("no number");
    await input.fill("+49 (0) 30 / 12-34");
    equal(await alice.page.locator('text="That is no number"').count(), 0, "what is typed anew is not blamed");
    await input.press("Enter");
    await until("the call", () => numbers(behind).length);
    equal(numbers(behind), ["+49301234"], "what is dialled");
  },

  "a transfer that is refused is told of in the call's card, and the call goes on": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const { page } = alice;
    const behind = await online(alice);
    await (await pad(alice)).fill("1002");
    await page.click("details.dial .primary");
    const call = await behind.answers();
    await page.click(".call.active button:has-text('Transfer')");
    await page.fill(".transfer input", "Carol");
    await page.click(".transfer .primary");
    await wrong(alice, ".transfer");
    behind.refuses["verto.modify transfer"] = { code: -32002, message: "call is not bridged" };
    await page.fill(".transfer input", "1003");
    await page.click(".transfer .primary");
    await page.waitForSelector('.call.active > [role=alert]:has-text("The transfer was refused")');
    await alice.axe("a transfer that was refused");
    equal(behind.params("verto.modify").map(({ destination }) => destination), ["1003"], "what was asked for");
    // The next one goes through, and nothing is said of the first.
    behind.refuses = {};
    await page.click(".transfer .primary");
    await page.waitForSelector(".call.active > [role=alert]", { state: "detached" });
    behind.ends(call, "BLIND_TRANSFER");
    await page.waitForSelector(".call.over");
  },

  "a call that comes while another page is looked at is an alert there, and is answered there": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const { page } = alice;
    const behind = await online(alice);
    await page.click(".nav a[href='/voicemail']");
    await page.waitForSelector("h1:has-text('Voicemail')");
    const alert = page.locator(".top .elsewhere [role=alert]");
    const called = async (name, number) => {
      const call = await behind.rings(name, number);
      await alert.waitFor();
      equal((await alert.innerText()).trim(), `${name} is calling ${number}`, "who calls");
      return call;
    };
    await called("Carol Çelik", "1003");
    await until("the title of the window", async () => (await page.title()).includes("Carol Çelik"));
    for (const size of [WIDE, NARROW]) {
      await page.setViewportSize(size);
      await fits(alice);
      await alice.axe("it rings elsewhere");
    }
    await page.setViewportSize(WIDE);
    await page.click(".elsewhere .answer");
    await page.waitForSelector(".top [role=status]:has-text('In a call with Carol Çelik')", { state: "attached" });
    equal(behind.params("verto.answer").length, 1, "answers");
    equal(new URL(page.url()).pathname, "/voicemail", "where she still is");
    // The keys are those of the phone's page.
    await page.keyboard.press("m");
    await page.waitForSelector(".elsewhere .warning:has-text('muted')");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".top [role=status]:has-text('Press Esc again')");
    await alice.axe("a call elsewhere");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".elsewhere", { state: "detached" });
    equal(behind.params("verto.bye").length, 1, "hung up");
    // Declined by the button, and the next one taken by the key.
    await called("Dave Dąbrowski", "1004");
    await page.click(".elsewhere .hangup");
    await page.waitForSelector(".elsewhere", { state: "detached" });
    equal(behind.params("verto.bye").at(-1).cause, "USER_BUSY", "how it was declined");
    await called("Eve Eriksson", "1005");
    await page.keyboard.press("a");
    await page.waitForSelector(".elsewhere.active");
    // What it says leads to the phone, where the call goes on.
    await page.click(".elsewhere a");
    await page.waitForSelector(".call.active");
    equal(await page.locator(".elsewhere").count(), 0, "bars at the phone's own page");
  },

  "who was online is called at whichever page they load": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const behind = await online(alice);
    const logins = behind.params("login").length;
    await alice.goto("/forwards");
    await until("the phone to be online again", () => behind.params("login").length > logins);
    await alice.settled();
    await behind.rings("Bob Böhm", "1002");
    await alice.page.waitForSelector('.elsewhere [role=alert]:has-text("Bob Böhm is calling")');
  },
};
