// Route tests: whether they hold, and what a change that would break one is asked.
import { field, fits, fresh, inGerman, list, named, none, save, said } from "../lib/admin.mjs";
import { becomes, check, cli, equal, must, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

const HOW_MANY = "button:has-text('Run them all') + [role=status]";

let settled;
const settle = () =>
  (settled ??= (async () => {
    for (const command of [
      "pbx plan set --country-code 49 --area-code 30",
      "pbx gateway add tested --proxy 192.0.2.40",
      "pbx route add tested-near --pattern +4940* --priority 7 --gateway tested --extension 1001",
      "pbx check add 1001 0900123456 refused",
      "pbx check add 1001 040123456 out --gateway tested",
    ]) {
      await must(command);
    }
  })());

const go = async (visit) => {
  await settle();
  await visit.goto("/admin/route-tests");
  await visit.page.click("button:has-text('Run them all')");
  await visit.page.waitForSelector(".checked li");
};
const breaking = async (visit) => {
  await settle();
  await named(visit, "routes", "tested-near");
  visit.expects(409, "/api/v1/routes");
  await field(visit, "pattern").fill("+4941*");
  await save(visit);
  await visit.page.waitForSelector("dialog.force[open]");
};
const broken = async () => (await cli("pbx check")).includes("FAILED");

export const states = [
  { name: "none", as: "admin", open: none("route-tests", "No route test yet") },
  { name: "new", as: "admin", open: fresh("route-tests") },
  { name: "all-hold", as: "admin", open: go },
  { name: "would-break", as: "admin", open: breaking },
];

export const scenarios = {
  "they are run, and what fails says why": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await go(admin);
    await becomes("how many", () => page.innerText(HOW_MANY), "All 2 hold.");
    await must("pbx route set tested-near --pattern +4942* --force");
    await page.click("button:has-text('Run them all')");
    await page.waitForSelector(".checked li.bad");
    const bad = await page.innerText(".checked li.bad");
    // What happens instead: other routes may be there.
    check(/1001 calling 040123456[^]*(is refused|goes out by gateway)/.test(bad), bad);
    await becomes("how many", () => page.innerText(HOW_MANY), "1 of 2 fail.");
    await admin.axe("one fails");
    await must("pbx route set tested-near --pattern +4940*");
  },

  "one is made, looked at, changed and deleted": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(409, "/api/v1/route-tests");
    await fresh("route-tests")(admin);
    await field(admin, "number").fill("1002");
    await field(admin, "dialled").fill("040555");
    equal(await field(admin, "target").count(), 0, "not asked before it matters");
    await field(admin, "expect").selectOption("rings");
    await field(admin, "target").fill("1003");
    await save(admin);
    // It does not hold: nobody called 1002 may take a route.
    await page.waitForSelector("dialog.force[open]");
    await page.click("dialog.force button:text-is('Cancel')");
    await field(admin, "expect").selectOption("refused");
    await save(admin);
    await page.waitForURL(/\/admin\/route-tests\/[0-9a-f-]{36}$/);
    check((await cli("pbx check")).includes("1002 calling 040555 is refused"), "the test");
    await until("how it is now", async () => (await page.innerText(".known")).includes("holds"));
    await field(admin, "dialled").fill("040556");
    await save(admin);
    await said(admin, "good");
    await list("route-tests")(admin);
    await page.click("tbody tr:has-text('040556') a");
    await page.click("button:text-is('Delete')");
    await page.click("dialog[open] .hangup");
    await page.waitForURL(/\/admin\/route-tests$/);
    await until("gone", async () => !(await cli("pbx check")).includes("040556"));
  },

  "a change that breaks one names it, and is made only if somebody says so": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await breaking(admin);
    const asked = await page.innerText("dialog.force");
    check(asked.includes("1001 calling 040123456"), asked);
    await admin.axe("would break");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    check((await said(admin, "bad")).includes("Not saved"), "that it was not saved");
    equal(await field(admin, "pattern").inputValue(), "+4941*", "what was typed");
    equal(await broken(), false, "nothing was changed");
    await save(admin);
    await page.click("dialog.force .hangup");
    await said(admin, "good");
    equal(await broken(), true, "it was made");
    await field(admin, "pattern").fill("+4940*");
    await save(admin);
    // The PBX has it before the page knows: what is deleted is what the page has seen.
    await said(admin, "good");
    equal(await broken(), false, "whole again");
    // What is deleted breaks it as well.
    await page.click("button:text-is('Delete')");
    await page.click("dialog[open] .hangup");
    await page.waitForSelector("dialog.force[open]");
    await page.click("dialog.force button:text-is('Cancel')");
    await page.waitForSelector("dialog.force", { state: "detached" });
    equal(await broken(), false, "it is still there");
  },

  "it speaks German and fits a phone": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    await admin.page.setViewportSize(NARROW);
    await go(admin);
    await inGerman(admin, async () => {
      await fits(admin);
      await admin.axe("route tests, German");
    });
  },
};
