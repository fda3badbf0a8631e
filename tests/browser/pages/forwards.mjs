// Forwards and do not disturb: saved, refused, and live with what phones change.
import { DOMAIN, ask, becomes, check, equal, must, until } from "../lib/host.mjs";

const go = async (visit) => {
  await visit.goto("/forwards");
  await visit.page.waitForSelector("form.panel");
};
const field = ({ page }, label) => page.locator("label.setting", { hasText: label }).locator("input");
const now = async () => (await ask(`pbx forward 1001@${DOMAIN}`)).forwards;
const clear = async () => {
  for (const when of ["always", "busy", "no-answer", "offline"]) await must(`pbx forward 1001@${DOMAIN} ${when} off`);
  await must(`pbx dnd 1001@${DOMAIN} off`);
};

export const states = [
  { name: "plain", as: "alice", open: go },
  {
    name: "set",
    as: "alice",
    async open(visit) {
      await must(`pbx forward 1001@${DOMAIN} no-answer 1002`);
      await must(`pbx dnd 1001@${DOMAIN} on`);
      await go(visit);
      await until("what is set", async () => (await field(visit, "nobody answers").inputValue()) === "1002");
    },
    close: clear,
  },
  {
    name: "refused",
    as: "alice",
    async open(visit) {
      visit.expects(422, "/api/me/forwards");
      await go(visit);
      await field(visit, "Every call").fill("1001");
      await visit.page.click("form.panel button.primary");
      await visit.page.waitForSelector("form.panel .bad:not(:empty)");
    },
  },
];

export const scenarios = {
  "what is typed is saved, and off is an empty field": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const { page } = alice;
    await page.click("nav a:text-is('Forwards')");
    await page.waitForSelector("form.panel");
    equal(await page.getAttribute("nav a[aria-current=page]", "href"), "/forwards", "where one is");
    equal(await page.title(), "Forwards · PBX", "the title");
    check(await page.isDisabled("form.panel button.primary"), "nothing to save");
    await field(alice, "nobody answers").fill("1002");
    await field(alice, "Seconds").fill("25");
    await page.keyboard.press("Enter");
    await page.waitForSelector("form.panel .good:not(:empty)");
    equal((await now())["no-answer"], "1002", "the forward");
    equal((await ask(`pbx extension show 1001@${DOMAIN}`)).ring_seconds, 25, "ring time");
    await field(alice, "nobody answers").fill("");
    await field(alice, "Seconds").fill("30");
    await page.click("form.panel button.primary");
    await page.waitForSelector("form.panel .good:not(:empty)");
    equal((await now())["no-answer"], null, "the end of it");
  },

  "do not disturb is a switch, for the keyboard too": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    const { page } = alice;
    await page.focus("[role=switch]");
    for (const on of [true, false]) {
      await page.keyboard.press("Space");
      await becomes("do not disturb", async () => (await now()).dnd, on);
      // It says so before it is pressed again: what is said goes when it is pressed.
      await page.waitForSelector("form.panel .good:not(:empty)");
      equal(await page.isChecked("[role=switch]"), on, "the switch");
    }
  },

  "what a phone changes is shown, and what is being typed stays": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    await field(alice, "Every call").fill("100");
    await must(`pbx dnd 1001@${DOMAIN} on`);
    await must(`pbx forward 1001@${DOMAIN} busy 1003`);
    await becomes("the switch", () => alice.page.isChecked("[role=switch]"), true);
    await becomes("the forward", () => field(alice, "When busy").inputValue(), "1003");
    equal(await field(alice, "Every call").inputValue(), "100", "what is being typed");
    await clear();
  },

  "a circle is refused in the command's words, and nothing is lost": async ({ visit }) => {
    await must(`pbx forward 1002@${DOMAIN} busy 1001`);
    const alice = await visit({ as: "alice" });
    alice.expects(422, "/api/me/forwards");
    await go(alice);
    await field(alice, "Every call").fill("1002");
    await alice.page.click("form.panel button.primary");
    const said = await (await alice.page.waitForSelector("form.panel .bad:not(:empty)")).innerText();
    check(said.includes("1001") && said.includes("1002"), said);
    equal(await field(alice, "Every call").inputValue(), "1002", "what was typed");
    equal((await now()).always, null, "nothing was saved");
    await must(`pbx forward 1002@${DOMAIN} busy off`);
  },
};
