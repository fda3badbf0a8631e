// What people do at the pages of administration, whatever noun it is.
import { check } from "./host.mjs";

export const there = (visit) => visit.page.waitForSelector("table[aria-busy=false] tbody tr");

export const list = (noun) => async (visit) => {
  await visit.goto(`/admin/${noun}`);
  await there(visit);
};

/** A list with nothing in it; `says` is part of the hint. */
export const none = (noun, says = "Nothing found") => async (visit) => {
  await visit.goto(`/admin/${noun}`);
  await visit.page.waitForSelector("table[aria-busy=false]");
  await visit.page.waitForSelector(`text=${says}`);
};

/** One thing's page, when all that belongs to it is there: the first of a list, or the one with this name. */
const opened = async (visit, noun, link) => {
  await list(noun)(visit);
  await visit.page.click(link);
  await visit.page.waitForSelector(".inside .fields");
  await visit.settled();
};
export const first = (visit, noun) => opened(visit, noun, "tbody tr a >> nth=0");
export const named = (visit, noun, name) => opened(visit, noun, `tbody a:has-text("${name}")`);

export const fresh = (noun) => async (visit) => {
  await visit.goto(`/admin/${noun}/new`);
  await visit.page.waitForSelector(".fields button.primary");
};

export const field = ({ page }, name) => page.locator(`.fields [name=${name}]`);

export const said = ({ page }, kind) =>
  page.waitForSelector(`.fields [role=alert].${kind}:not(:empty)`).then((found) => found.innerText());

export const save = ({ page }) => page.click(".fields button.primary");

/** Types into a field that names another thing, and chooses it. */
export const pick = async (visit, input, typed, option) => {
  await input.fill(typed);
  // Its own list: another field's may offer the same already.
  const own = `datalist[id="${await input.getAttribute("list")}"]`;
  await visit.page.waitForSelector(`${own} option[value="${option}"]`, { state: "attached" });
  await input.fill(option);
};

export const choose = (visit, name, typed, option) => pick(visit, field(visit, name), typed, option);

/** What belongs to a thing, by its heading. */
export const part = ({ page }, title) => page.locator("section.part", { has: page.locator(`h2:has-text("${title}")`) });

export const things = (section) => section.locator("ol.things > li").allInnerTexts();

/** Every page in another language too, and no wider than a phone. */
export const inGerman = async (visit, work) => {
  await visit.page.selectOption(".top select", "de");
  try {
    await work();
  } finally {
    await visit.page.selectOption(".top select", "en");
  }
};

export const fits = async ({ page }) => {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(wide <= window, `the page is ${wide} px wide, the window ${window}`);
};
