// Calls that come in: DIDs with who rings and what comes then, and opening hours with holidays.
import { choose, field, fits, fresh, inGerman, list, named, none, pick, save, said } from "../lib/admin.mjs";
import { ask, becomes, check, equal, must, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

const NOUNS = { dids: "No DID yet", schedules: "None yet" };

const YEAR = new Date().getFullYear() + 1;
/** A calendar as programs write them: a day that comes every year, one that comes once, one that is over. */
const CALENDAR = [
  "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Holidays//EN",
  ...[
    [`${YEAR}1224`, `${YEAR}1225`, "Christmas Eve", ""],
    ["20200501", "20200502", "Labour Day", "RRULE:FREQ=YEARLY"],
    ["20200601", "20200602", "Long ago", ""],
  ].flatMap(([from, to, name, rule], at) => [
    "BEGIN:VEVENT", `UID:${at}@example`, "DTSTAMP:20200101T000000Z", `DTSTART;VALUE=DATE:${from}`, `DTEND;VALUE=DATE:${to}`,
    `SUMMARY:${name}`, ...(rule ? [rule] : []), "END:VEVENT",
  ]),
  "END:VCALENDAR", "",
].join("\r\n");
const calendar = { name: "holidays.ics", mimeType: "text/calendar", buffer: Buffer.from(CALENDAR) };

let settled;
const settle = () =>
  (settled ??= (async () => {
    await must('pbx schedule add office --hours "mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00" --time-zone Europe/Berlin --code 1 --keys 1001');
    await must(`pbx schedule set office --add-holiday "${YEAR}-10-03 Unity Day" --add-holiday "*-12-25 Christmas Day"`);
    await must('pbx schedule add night --hours "daily 22:00-06:00"');
    await must("pbx did add +4930123450 --members \"1001 1002\" --ring-seconds 20 --then voicemail:1001 --schedule office --closed announcement:closed");
    await must("pbx did add +49301235 --prefix --members 1003");
    await must('pbx did add +4930123460 --members "1004 1005 1006" --strategy order');
  })());

const one = (noun, name) => async (visit) => {
  await settle();
  await named(visit, noun, name);
};
const rows = ({ page }) => page.locator("fieldset.ordered > .inner");
const members = (visit) => rows(visit).locator("input[name=extension_id]").evaluateAll((all) => all.map((input) => input.value.split(" ")[0]));

export const states = [
  ...Object.entries(NOUNS).map(([noun, says]) => ({ name: `${noun}-none`, as: "admin", open: none(noun, says) })),
  ...Object.keys(NOUNS).map((noun) => ({ name: `${noun}-new`, as: "admin", open: fresh(noun) })),
  ...Object.keys(NOUNS).map((noun) => ({
    name: noun,
    as: "admin",
    async open(visit) {
      await settle();
      await list(noun)(visit);
    },
  })),
  { name: "did", as: "admin", open: one("dids", "4930123450") },
  { name: "schedule", as: "admin", open: one("schedules", "office") },
  {
    name: "calendar",
    as: "admin",
    async open(visit) {
      await one("schedules", "office")(visit);
      await visit.page.setInputFiles("#calendar", calendar);
      await visit.page.waitForSelector(".days li");
    },
  },
  {
    name: "schedule-german",
    as: "admin",
    async open(visit) {
      await one("schedules", "office")(visit);
      await visit.page.selectOption(".top select", "de");
    },
    close: ({ page }) => page.selectOption(".top select", "en"),
  },
];

export const scenarios = {
  "a DID is made, its members ring in another order, and it goes on to a mailbox": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await fresh("dids")(admin);
    await field(admin, "number").fill("+49 30 99 77");
    for (const [at, number, name] of [[0, "1001", "1001 Alice Adams"], [1, "1002", "1002 Bob Böhm"]]) {
      await page.click("fieldset.ordered button:has-text('Add a row')");
      await pick(admin, rows(admin).nth(at).locator("input[name=extension_id]"), number, name);
    }
    await rows(admin).nth(1).locator("input[name=outside]").fill("+491711234567");
    await field(admin, "strategy").selectOption("order");
    equal(await field(admin, "then_extension_id").count(), 0, "not asked before it matters");
    await field(admin, "then_kind").selectOption("voicemail");
    await choose(admin, "then_extension_id", "1002", "1002 Bob Böhm");
    await save(admin);
    await page.waitForURL(/\/admin\/dids\/[0-9a-f-]{36}$/);
    const did = () => ask("pbx did show +49309977");
    const then = async () => JSON.stringify(await did());
    check((await then()).includes("1002"), await then());
    await becomes("the members", () => members(admin), ["1001", "1002"]);
    await rows(admin).nth(0).locator("button[aria-label='Down: 1']").click();
    await becomes("the other order", () => members(admin), ["1002", "1001"]);
    await save(admin);
    await said(admin, "good");
    await list("dids")(admin);
    await until("who rings", async () => (await page.innerText("tbody")).includes("+491711234567, 1001"));
    check((await then()).includes("+491711234567/1002"), "whose call it is");
    // Another end: what went with the first is not sent along.
    await page.click("tbody a:has-text('49309977')");
    await field(admin, "then_kind").selectOption("hangup");
    await save(admin);
    await said(admin, "good");
    check(!(await then()).includes('"voicemail"'), await then());
    await must("pbx did delete +49309977");
  },

  "hours are read, changed day by day, and written as the server has them": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await one("schedules", "office")(admin);
    const week = await page.$$eval(".week tr", (all) => all.map((row) => row.innerText.replace(/\s+/g, " ").trim()));
    equal(week[0], "Mon 08:00–12:00, 13:00–17:00", "Monday as it is read");
    equal(week[6], "Sun closed", "Sunday");
    await page.click("button[aria-label='Sunday: add hours']");
    await page.fill("[aria-label='Sunday: opens']", "22:00");
    await page.fill("[aria-label='Sunday: closes']", "02:00");
    await page.click("button[aria-label='Saturday: remove the hours from 09:00']");
    await admin.axe("hours are changed");
    await save(admin);
    await said(admin, "good");
    const hours = async () => (await ask("pbx schedule show office")).hours;
    equal(await hours(), "mon-fri 08:00-12:00 13:00-17:00; sun 22:00-02:00", "the hours");
    // What is half typed is not lost, and not sent.
    await page.fill("[aria-label='Sunday: closes']", "");
    equal(await page.inputValue("[aria-label='Sunday: opens']"), "22:00", "what was typed");
    await page.fill("[aria-label='Sunday: closes']", "03:00");
    await save(admin);
    await said(admin, "good");
    equal(await hours(), "mon-fri 08:00-12:00 13:00-17:00; sun 22:00-03:00", "the hours");
  },

  "it is opened and closed for now": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await one("schedules", "night")(admin);
    const forced = async () => JSON.stringify(await ask("pbx schedule show night"));
    const group = page.locator("[role=group][aria-labelledby=override-title]");
    for (const [to, lamp] of [["closed", "false"], ["open", "true"]]) {
      await group.locator(`button:text-is("${to}")`).click();
      await until(to, async () => (await group.locator(`button:text-is("${to}")`).getAttribute("aria-pressed")) === "true");
      await page.locator(`.known .state.${lamp}`).waitFor();
      check((await forced()).includes(`"${to}"`), to);
    }
    await group.locator("button:text-is('by the hours')").click();
    await until("off", async () => (await forced()).includes('"off"'));
  },

  "holidays out of a calendar are seen first, then taken over": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(422, "/api/v1/schedules");
    await one("schedules", "office")(admin);
    const days = async () => JSON.stringify((await ask("pbx schedule show office")).holidays);
    const before = await days();
    await page.setInputFiles("#calendar", calendar);
    await page.waitForSelector(".days li");
    const seen = await page.innerText(".days");
    check(seen.includes(`${YEAR}-12-24`) && seen.includes("*-05-01") && !seen.includes("Long ago"), seen);
    check((await page.innerText("section.part [role=status]")).includes("1 are over"), "what is over");
    equal(await days(), before, "nothing is taken over yet");
    await page.click("button:has-text('Take them over')");
    await page.waitForSelector("section.part .good:not(:empty)");
    check((await days()).includes("Christmas Eve") && (await days()).includes("Unity Day"), await days());
    // They are in the form at once.
    await until("in the form", async () => (await page.locator("fieldset input[name=day]").count()) === 4);
    await page.setInputFiles("#calendar", { ...calendar, buffer: Buffer.from("BEGIN:VCALENDAR\r\nnonsense") });
    await page.waitForSelector("section.part .bad:not(:empty)");
    // One is taken out by hand.
    await page.click("fieldset:has(input[name=day]) button[aria-label='Remove row 1']");
    await save(admin);
    await said(admin, "good");
    await until("three", async () => (await page.locator("fieldset input[name=day]").count()) === 3);
  },

  "both speak German and fit a phone": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    await admin.page.setViewportSize(NARROW);
    await admin.goto("/admin");
    await inGerman(admin, async () => {
      for (const noun of Object.keys(NOUNS)) {
        for (const open of [list(noun), fresh(noun)]) {
          await open(admin);
          await fits(admin);
          await admin.axe(`${noun}, German`);
        }
      }
    });
  },
};
