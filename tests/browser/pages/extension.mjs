// The page of an extension: the table of the domain, live; and the phone as far as it goes without a switch.
import { DOMAIN, check, equal, leg, must, register, unregister, until } from "../lib/host.mjs";
import { channelOf } from "../lib/people.mjs";

const rows = ({ page }) => page.$$eval("tbody tr", (all) => all.map((row) => row.cells[1].innerText));
const row = ({ page }, number) => page.locator("tbody tr", { has: page.locator(`td:text-is("${number}")`) });
const state = (visit, number) => row(visit, number).locator(".state").innerText();
const idle = ({ page }) => page.waitForSelector("table[aria-busy=false] tbody tr");
const go = async (visit) => {
  await visit.goto(`/extensions/${await channelOf("1001")}`);
  await idle(visit);
};
const settled = (visit, what, wanted) =>
  until(what, async () => JSON.stringify(await rows(visit)) === JSON.stringify(wanted));

export const states = [
  { name: "table", as: "alice", open: go },
  {
    name: "found",
    as: "alice",
    async open(visit) {
      await go(visit);
      await visit.page.fill("#search", "an");
      await visit.page.waitForSelector("table[aria-busy=false]");
      await until("the search", async () => (await rows(visit)).length < 25);
    },
  },
  {
    name: "nobody",
    as: "alice",
    async open(visit) {
      await go(visit);
      await visit.page.fill("#search", "nobody has this name");
      await until("the search", async () => (await rows(visit)).length === 0);
    },
  },
  {
    name: "open",
    as: "alice",
    async open(visit) {
      await go(visit);
      for (const summary of await visit.page.locator("details > summary").all()) await summary.click();
      await until("the checks", async () => !(await visit.page.innerText("main")).includes("is checked"));
    },
  },
];

export const scenarios = {
  "the table is searched, chosen from, sorted and paged": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    const { page } = alice;
    const first = await rows(alice);
    equal(first.length, 25, "rows of a page");
    equal(first[0], "1001", "by name");
    check((await page.innerText(".pager [role=status]")).startsWith("62 "), "how many");
    await page.click(".pager button:last-of-type");
    await until("the second page", async () => (await rows(alice))[0] !== "1001");
    const second = await rows(alice);
    check(second.length === 25 && !second.some((number) => first.includes(number)), "the second page is another");
    await page.click(".pager button:last-of-type");
    await until("the last page", async () => (await rows(alice)).length === 12);
    check(await page.isDisabled(".pager button:last-of-type"), "there is no page after the last");

    await page.fill("#search", "böh");
    await settled(alice, "a name with a dot on it", ["1002"]);
    await page.fill("#search", "106");
    await settled(alice, "part of a number", ["1060", "1061", "1062"]);
    await page.fill("#search", "");
    await page.selectOption(".filters select", "busy");
    await settled(alice, "who is busy", ["1004"]);
    await page.selectOption(".filters select", "");

    const number = page.locator("th", { hasText: "Number" });
    await number.locator("button").click();
    await until("by number", async () => (await number.getAttribute("aria-sort")) === "ascending");
    await number.locator("button").click();
    await until("the other way round", async () => (await rows(alice))[0] === "1062");
    equal(await number.getAttribute("aria-sort"), "descending", "aria-sort");
  },

  "a row changes as its phone does, within a second": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    const line = "heidi-desk";
    const changes = [
      [() => register(line), "online"],
      [() => leg(line, "RINGING"), "ringing"],
      [() => leg(line, "ACTIVE"), "busy"],
      [() => leg(line, "HANGUP"), "online"],
      [() => unregister(line), "offline"],
    ];
    equal(await state(alice, "1008"), "offline", "before");
    const took = [];
    for (const [change, wanted] of changes) {
      const began = performance.now();
      await change();
      await until(`the row to be ${wanted}`, async () => (await state(alice, "1008")) === wanted);
      took.push(Math.round(performance.now() - began));
    }
    process.stderr.write(`rows changed after ${took.join(", ")} ms\n`);
    // Nothing of it was a page that was loaded again.
    equal(await alice.page.evaluate("performance.getEntriesByType('navigation').length"), 1, "loads");
    await must(`pbx extension set 1008@${DOMAIN} --caller-id-name "Heidi Renamed"`);
    await until("the new name", async () => (await row(alice, "1008").innerText()).includes("Heidi Renamed"));
    await must(`pbx extension set 1008@${DOMAIN} --caller-id-name "Heidi Hansen"`);
  },

  "the keyboard is enough": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    const { page } = alice;
    await page.keyboard.press("/");
    equal(await page.evaluate("document.activeElement.id"), "search", "/ searches");
    await page.keyboard.type("carol");
    await settled(alice, "the one who is sought", ["1003"]);
    // A letter that is typed is no command.
    equal(await page.inputValue("#search"), "carol", "what was typed");
    await page.keyboard.press("Tab");
    equal(await page.evaluate("document.activeElement.tagName"), "SELECT", "then the states");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await until("sorting by a key", async () => (await page.getAttribute("th >> nth=0", "aria-sort")) === "descending");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    equal(outline, "solid", "where the keyboard is can be seen");
  },

  "two tabs share one stream of events": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    // The tab that she signed in with is gone before any stream is counted.
    await alice.page.close();
    const streams = [];
    alice.context.on("request", (request) => request.url().endsWith("/api/events") && streams.push(request));
    await alice.open();
    await go(alice);
    await until("its stream", () => streams.length === 1);
    const one = alice.page;
    await alice.open();
    await go(alice);
    await register("ivan-desk");
    for (const page of [one, alice.page]) {
      await until("both tabs", async () => (await state({ page }, "1009")) === "online");
    }
    equal(streams.length, 1, "streams");
    // The tab with the stream closes: the other one goes on.
    await one.close();
    await until("a new stream", () => streams.length === 2);
    await unregister("ivan-desk");
    await until("the tab that is left", async () => (await state(alice, "1009")) === "offline");
  },

  "names are text, whatever is in them": async ({ visit }) => {
    const name = "<img src=x onerror=alert(1)>";
    await must(`pbx extension set 1011@${DOMAIN} --caller-id-name "${name}"`);
    const alice = await visit({ as: "alice" });
    await go(alice);
    await alice.page.fill("#search", "onerror");
    await settled(alice, "the row", ["1011"]);
    check((await row(alice, "1011").innerText()).includes(name), "the name as it is");
    equal(await alice.page.locator("tbody img").count(), 0, "images");
    await must(`pbx extension set 1011@${DOMAIN} --caller-id-name "Mallory McDonald-Featherstonehaugh"`);
  },
};
