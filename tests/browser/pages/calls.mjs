// One's own calls: from whom, to whom, how they ended, and the way back to them.
import { fits, inGerman } from "../lib/admin.mjs";
import { ask, becomes, called, check, equal, until } from "../lib/host.mjs";
import { channelOf } from "../lib/people.mjs";
import { NARROW } from "../lib/visit.mjs";

let settled;
/** Alice was called and called; what bob did with carol is not hers to see. */
const settle = () =>
  (settled ??= (async () => {
    for (let at = 0; at < 28; at += 1) await called(`old-${at}`, "1001", "1005");
    await called("mine-1", "1002", "1001");
    await called("mine-2", "+4930123456", "1001", { answered: false, name: "A<b>Stranger</b>" });
    await called("mine-3", "1001", "1003", { seconds: 1 });
    await called("theirs", "1002", "1003");
    await until("the records", async () => (await ask("pbx calls --limit 40")).calls.filter(({ outcome }) => outcome !== "open").length >= 32);
  })());

const go = async (visit) => {
  await settle();
  await visit.goto("/calls");
  await visit.page.waitForSelector("li.past");
};
const rows = ({ page }) => page.locator("li.past").allInnerTexts();

export const states = [
  { name: "none", as: "bob", open: async (visit) => {
    await visit.goto("/calls");
    await visit.page.waitForSelector("text=No call yet");
  } },
  { name: "history", as: "alice", open: go },
];

export const scenarios = {
  "each call is told as it was for them, and others' calls are not": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    const { page } = alice;
    const all = await rows(alice);
    equal(all.length, 25, "a page");
    check(all[0].includes("Carol") && /00:0[1-9]/.test(all[0]), all[0]);
    check(all[1].includes("A<b>Stranger</b>") && all[1].includes("+4930123456") && all[1].includes("missed"), all[1]);
    check(all[2].includes("1002") && all[2].includes("answered"), all[2]);
    equal(await page.locator("li.past b").count(), 0, "a name is text");
    await page.click("button:has-text('Older calls')");
    await until("the older ones", async () => (await rows(alice)).length === 31);
    equal(await page.locator("button:has-text('Older calls')").count(), 0, "there are no more");
    // Without anybody asking again.
    await called("mine-4", "1004", "1001", { answered: false });
    await until("the new one", async () => (await rows(alice))[0].includes("missed") && (await rows(alice))[0].includes("1004"));
    await becomes("the older ones as well", async () => (await rows(alice)).length, 32);
  },

  "whoever is not online is told how to be": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    check((await alice.page.innerText(".panel")).includes("Go online"), "the hint");
    equal(await alice.page.locator("li.past button").count(), 0, "no button that does nothing");
    await alice.page.click("nav a:has-text('Phone')");
    await alice.page.waitForURL(`**/extensions/${await channelOf("1001")}`);
  },

  "it speaks German and fits a phone": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await alice.page.setViewportSize(NARROW);
    await go(alice);
    await inGerman(alice, async () => {
      await alice.page.waitForSelector("text=verpasst");
      await fits(alice);
      await alice.axe("calls, German");
    });
  },
};
