// Lines: seen, made, shown once, revoked.
import { DOMAIN, ask, becomes, check, cli, equal, must, register, unregister, until } from "../lib/host.mjs";

const go = async (visit) => {
  await visit.goto("/lines");
  await visit.page.waitForSelector("ul.rows li");
};
const line = ({ page }, name) => page.locator("ul.rows li", { has: page.locator(`strong:text-is("${name}")`) });
const add = async ({ page }, name, password) => {
  await page.click("button:has-text('Add a phone')");
  await page.fill("form [name=line]", name);
  if (password !== undefined) {
    await page.check("label.choice:has-text('Choose') input");
    await page.fill("form [name=secret]", password);
  }
  await page.click("form button:has-text('Make the line')");
};
const facts = ({ page }) =>
  page.$$eval(".facts > div", (all) =>
    Object.fromEntries(all.map((fact) => [fact.querySelector("dt").innerText, fact.querySelector("code").innerText])),
  );
const remove = async (name) => cli(`pbx line delete ${name}@${DOMAIN}`);

export const states = [
  { name: "registered", as: "alice", open: go },
  {
    name: "adding",
    as: "alice",
    async open(visit) {
      await go(visit);
      await visit.page.click("button:has-text('Add a phone')");
      await visit.page.check("label.choice:has-text('Choose') input");
      await visit.page.waitForSelector("form [name=secret]");
    },
  },
  {
    name: "once",
    as: "alice",
    async open(visit) {
      await must("pbx setting set external-address 203.0.113.9");
      await go(visit);
      await add(visit, "alice-shown");
      await visit.page.waitForSelector(".once svg.qr");
    },
    async close() {
      await must("pbx setting delete external-address");
      await remove("alice-shown");
    },
  },
  {
    name: "revoking",
    as: "alice",
    async open(visit) {
      await go(visit);
      await visit.page.click("li button:has-text('Revoke')");
      await visit.page.waitForSelector("li button.hangup");
    },
  },
  {
    name: "refused",
    as: "alice",
    async open(visit) {
      visit.expects(422, "/api/me/lines");
      await go(visit);
      await add(visit, "alice-weak", "aaaaaaaaaaaa");
      await visit.page.waitForSelector("form .bad:not(:empty)");
    },
  },
];

export const scenarios = {
  "a line is made, shown once, seen when its phone registers, and revoked": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const { page } = alice;
    await page.click("nav a:text-is('Lines')");
    await page.waitForSelector("ul.rows li");
    await add(alice, "alice-new");
    await page.waitForSelector(".once");
    const shown = await facts(alice);
    equal([shown.Name, shown.Domain], ["alice-new", DOMAIN], "what is typed");
    check(/^[0-9]{16}$/.test(shown.Password), shown.Password);
    await becomes("where the keyboard is", () => page.evaluate("document.activeElement.id"), "once");
    const linphone = await page.getAttribute(".once svg.qr path", "d");
    await page.selectOption(".code select >> nth=0", "grandstream-wave");
    await until("another code for another phone", async () => (await page.getAttribute(".once svg.qr path", "d")) !== linphone);
    const row = await ask(`pbx line show alice-new@${DOMAIN}`);
    equal(row.extension, "1001", "what it rings for");
    await page.click(".once button:has-text('Done')");
    check(!(await page.content()).includes(shown.Password), "it is gone from the page");
    await page.reload();
    await page.waitForSelector("ul.rows li");
    check(!(await page.content()).includes(shown.Password), "it does not come back");

    const began = performance.now();
    await register("alice-new");
    await line(alice, "alice-new").locator(".state.online").waitFor();
    process.stderr.write(`a line's row changed after ${Math.round(performance.now() - began)} ms\n`);
    const said = await line(alice, "alice-new").innerText();
    check(said.includes("127.0.0.1:5070") && said.includes("Phone/1.0"), said);

    await line(alice, "alice-new").locator("button:has-text('Revoke')").click();
    await becomes("the harmless button has the focus", () => page.evaluate("document.activeElement.innerText"), "Keep it");
    await page.keyboard.press("Enter");
    await line(alice, "alice-new").locator("button.hangup").waitFor({ state: "detached" });
    equal(await line(alice, "alice-new").count(), 1, "it was kept");
    await line(alice, "alice-new").locator("button:has-text('Revoke')").click();
    await line(alice, "alice-new").locator("button.hangup").click();
    await line(alice, "alice-new").waitFor({ state: "detached" });
    check((await cli(`pbx line show alice-new@${DOMAIN}`)).startsWith("-ERR"), "it is gone");
    const { revisions } = await ask("pbx revisions");
    equal(revisions[0].actor, `alice@${DOMAIN}`, "who");
  },

  "a password of one's own is checked for strength": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    alice.expects(422, "/api/me/lines");
    await go(alice);
    await add(alice, "alice-chosen", "123456789012");
    const said = await (await alice.page.waitForSelector("form .bad:not(:empty)")).innerText();
    check(said.includes("sequence") && said.includes("made up"), said);
    await alice.page.fill("form [name=secret]", "kT8!vqPz2w");
    await alice.page.click("form button:has-text('Make the line')");
    await alice.page.waitForSelector(".once");
    equal((await facts(alice)).Password, "kT8!vqPz2w", "as it was chosen");
    await remove("alice-chosen");
  },

  "a phone that goes is shown to be gone": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await go(alice);
    await line(alice, "alice-desk").locator(".state.online").waitFor();
    await unregister("alice-desk");
    await line(alice, "alice-desk").locator(".state.offline").waitFor();
    await register("alice-desk");
    await line(alice, "alice-desk").locator(".state.online").waitFor();
  },
};
