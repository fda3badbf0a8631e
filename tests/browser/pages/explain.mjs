// Why a call does what it does, as a picture: asked for, drawn, and heard.
import { fits, inGerman } from "../lib/admin.mjs";
import { ask, check, equal, must, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

let settled;
const settle = () =>
  (settled ??= (async () => {
    for (const command of [
      "pbx plan set --country-code 49 --area-code 30",
      "pbx gateway add thought --proxy 192.0.2.30 --source-acl 192.0.2.30/32",
      "pbx caller-id add +4930777",
      "pbx route add thought-near --pattern +4930* --priority 2 --gateway thought --extension 1001 --caller-id +4930777",
      "pbx route add thought-far --pattern +33* --priority 3 --gateway thought --extension 1002",
      "pbx did add +49307770 --members 1002",
    ]) {
      await must(command);
    }
  })());

const explain = async (visit, from, to, by = "") => {
  await settle();
  await visit.goto("/admin/explain");
  await visit.page.fill("[name=from]", from);
  await visit.page.fill("#explain-to", to);
  await visit.page.fill("[name=transferred_by]", by);
  await visit.page.click("button:text-is('Explain')");
  await visit.page.waitForSelector(".tree .node");
};
const nodes = ({ page }) => page.$$eval(".node", (all) => all.map((node) => `${node.classList[1]} ${node.innerText.replace(/\s+/g, " ").trim()}`));

export const states = [
  {
    name: "empty",
    as: "admin",
    async open(visit) {
      await visit.goto("/admin/explain");
      await visit.page.waitForSelector("[name=from]");
    },
  },
  { name: "out", as: "admin", open: (visit) => explain(visit, "1001@pbx.test", "030123456") },
  { name: "refused", as: "admin", open: (visit) => explain(visit, "1001@pbx.test", "0033123456789") },
  { name: "inside", as: "admin", open: (visit) => explain(visit, "1002@pbx.test", "1001") },
  { name: "sent-on", as: "admin", open: (visit) => explain(visit, "gateway:thought", "030123456", "1001@pbx.test") },
  { name: "comes-in", as: "admin", open: (visit) => explain(visit, "gateway:thought", "+49307770") },
];

export const scenarios = {
  "the tree is the decision's, step by step, and the answer the switch's": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await explain(admin, "1001@pbx.test", "030123456");
    const said = await ask("pbx explain 1001@pbx.test 030123456");
    const drawn = await nodes(admin);
    equal(drawn.length, said.steps.length, "as many steps");
    said.steps.forEach((step, at) => {
      check(drawn[at].includes(step.text), `${at}: ${drawn[at]} is not ${step.text}`);
      const kind = step.verdict === null ? "note" : step.verdict ? "yes" : "no";
      check(drawn[at].startsWith(kind), `${at}: ${drawn[at]} is not ${kind}`);
      // Who hears it hears it too.
      if (kind !== "note") check(drawn[at].includes(kind === "yes" ? "For it:" : "Against it:"), drawn[at]);
    });
    const depth = await page.$$eval(".node", (all) => all.map((node) => {
      let depth = 0;
      for (let up = node.closest("ul"); up && !up.classList.contains("tree"); up = up.parentElement.closest("ul")) depth += 1;
      return depth;
    }));
    const levels = said.steps.map((step) => step.depth - said.steps[0].depth);
    equal(depth, levels, "as deep");
    equal(await page.textContent(".document"), said.answer, "the very answer");
    equal(await page.evaluate("document.activeElement.tagName"), "H2", "who listens is led to it");
    await admin.axe("a tree");

    await explain(admin, "1001@pbx.test", "0033123456789");
    const refused = await nodes(admin);
    check(refused.some((node) => node.startsWith("no") && node.includes("thought-far") && node.includes("not granted")), refused.join("\n"));
  },

  "who calls is offered, another time counts, and what cannot be asked says why": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(422, "/api/v1/explain");
    await must('pbx schedule add thought-hours --hours "mon 08:00-09:00" --time-zone UTC');
    await must("pbx route set thought-near --schedule thought-hours");
    await admin.goto("/admin/explain");
    await page.fill("[name=from]", "böhm");
    await page.waitForSelector("datalist option[value='1002@pbx.test']", { state: "attached" });
    await page.fill("[name=from]", "gateway:tho");
    await page.waitForSelector("datalist option[value='gateway:thought']", { state: "attached" });
    equal(await page.locator("#explain-caller").count(), 1, "who calls from outside");
    await page.fill("[name=from]", "1001@pbx.test");
    await page.fill("#explain-to", "030123456");
    // The browser here has the machine's own time zone.
    const local = (iso) => page.evaluate((text) => {
      const at = new Date(text);
      return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    }, iso);
    const closed = async () => (await nodes(admin)).some((node) => node.includes("thought-near") && node.includes("closed"));
    for (const [at, wanted] of [["2026-11-30T08:30:00Z", false], ["2026-11-30T10:30:00Z", true]]) {
      await page.fill("#explain-at", await local(at));
      await page.click("button:text-is('Explain')");
      await page.waitForSelector(".tree .node");
      await until(`${at}: ${wanted ? "closed" : "open"}`, async () => (await closed()) === wanted);
    }
    await page.fill("[name=from]", "nobody@pbx.test");
    await page.click("button:text-is('Explain')");
    const why = await (await page.waitForSelector("[role=alert].bad")).innerText();
    check(why.includes("nobody"), why);
    equal(await page.inputValue("#explain-to"), "030123456", "what was typed");
    await must("pbx route set thought-near --schedule always");
  },

  "who transfers a call outside is who pays": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    for (const [by, out] of [["1001@pbx.test", true], ["1002@pbx.test", false]]) {
      await explain(admin, "gateway:thought", "030123456", by);
      await admin.page.waitForSelector(`h2:has-text("transferred by ${by}")`);
      const document = await admin.page.textContent(".document");
      equal(document.includes("thought"), out, `${by}: ${document}`);
    }
  },

  "it speaks German and fits a phone": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    await admin.page.setViewportSize(NARROW);
    await explain(admin, "1001@pbx.test", "030123456");
    await inGerman(admin, async () => {
      await admin.page.waitForSelector("text=Dafür:", { state: "attached" });
      await fits(admin);
      await admin.axe("explained, German");
    });
  },
};
