// The phone of the page in calls, as far as the page shows them: the switch is a double (lib/switch.mjs).
import { equal, until } from "../lib/host.mjs";
import { channelOf } from "../lib/people.mjs";
import { Switch } from "../lib/switch.mjs";

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
};
