// Records of all calls, for administrators: chosen from, looked into, and taken along as a table.
import { readFileSync } from "node:fs";
import { fits, inGerman, list } from "../lib/admin.mjs";
import { ask, called, check, equal, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

let settled;
const settle = () =>
  (settled ??= (async () => {
    await called("record-1", "1002", "1006");
    await called("record-2", "+4930123456", "1006", { answered: false, name: "=Stranger" });
    await called("record-3", "1006", "1003", { seconds: 1 });
    await until("the records", async () => (await ask("pbx calls --extension 1006")).calls.filter(({ outcome }) => outcome !== "open").length === 3);
  })());

const go = async (visit) => {
  await settle();
  await list("calls")(visit);
};
const rows = ({ page }) => page.$$eval("tbody tr", (all) => all.map((row) => row.innerText.replace(/\s+/g, " ")));

export const states = [
  { name: "all", as: "admin", open: go },
  {
    name: "one",
    as: "admin",
    async open(visit) {
      await go(visit);
      await visit.page.fill("#search", "1006");
      await until("their calls", async () => (await rows(visit)).length === 3);
      await visit.page.click("tbody tr a >> nth=0");
      await visit.page.waitForSelector("table caption");
    },
  },
];

export const scenarios = {
  "calls are chosen by number, result, direction and day, and looked into": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await go(admin);
    await page.fill("#search", "1006");
    await until("their calls", async () => (await rows(admin)).length === 3);
    await page.selectOption(".filters select:has(option:text('Result: all'))", "no-answer");
    await until("who was not reached", async () => (await rows(admin)).length === 1 && (await rows(admin))[0].includes("not answered"));
    await page.selectOption(".filters select:has(option:text('Result: all'))", "");
    await until("all again", async () => (await rows(admin)).length === 3);
    const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
    await page.fill(".day-filter:has-text('Since') input", day);
    await until("none of that day", async () => (await rows(admin)).length === 0);
    await page.fill(".day-filter:has-text('Since') input", "");
    await until("and again", async () => (await rows(admin)).length === 3);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a.button:has-text('CSV')")]);
    equal(download.suggestedFilename(), "calls.csv", "the file");
    const table = readFileSync(await download.path(), "utf8").trim().split("\r\n");
    equal(table.length, 4, `the heads and what is chosen: ${table.join("\n")}`);
    check(table.some((line) => line.includes("'=Stranger")), "no formula");
    await page.click("tbody tr >> nth=0 >> a");
    await page.waitForSelector("table caption");
    const legs = await rows(admin);
    equal(legs.length, 2, "its legs");
    check(legs[0].includes("1006") && legs[1].includes("1003"), legs.join("; "));
    const known = await page.innerText(".known");
    check(/00:0[1-9]/.test(known), known);
    equal(await page.locator("button:has-text('Delete')").count(), 0, "nobody deletes a record");
    // From the extension there is a way to its calls.
    const { id } = await ask("pbx extension show 1006");
    await admin.goto(`/admin/extensions/${id}`);
    await page.click("a.button:has-text('Calls')");
    await until("its calls", async () => (await rows(admin)).length === 3);
  },

  "it speaks German and fits a phone": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    await admin.page.setViewportSize(NARROW);
    await go(admin);
    await inGerman(admin, async () => {
      await fits(admin);
      await admin.axe("calls, German");
      await admin.page.click("tbody tr a >> nth=0");
      await admin.page.waitForSelector("table caption");
      await fits(admin);
      await admin.axe("a call, German");
    });
  },
};
