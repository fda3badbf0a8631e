// Calls out: gateways, groups with their members, routes with their grants, numbers shown, blocks and limits.
import { choose, field, first, fits, fresh, inGerman, list, named, none, part, pick, said, save, things } from "../lib/admin.mjs";
import { ask, becomes, check, cli, equal, must, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

/** Each with part of what its empty list says. */
const NOUNS = {
  gateways: "No gateway yet",
  groups: "No group yet",
  routes: "every call to outside is refused",
  "caller-ids": "calls go out as the gateway",
  blocks: "No number is blocked",
  caps: "No limit yet",
  "number-plans": "Nothing said yet",
};

let settled;
/** A small office that calls out. */
const settle = () =>
  (settled ??= (async () => {
    await must("pbx gateway add carrier --proxy sip.example.com:5060 --username 12345 --password kT8-gateway-vqPz --source-acl 198.51.100.0/24");
    await must("pbx gateway add spare --proxy 192.0.2.7 --transport tcp --max-calls 4");
    await must('pbx caller-id add +4930123450 --name "Example Ltd"');
    await must("pbx group add staff --member 1001 --member 1002");
    await must("pbx route add germany --pattern +49* --gateway carrier --gateway spare --group staff --caller-id +4930123450");
    await must("pbx route add world --pattern +* --priority 900 --gateway carrier --extension 1001");
    await must('pbx route add help --emergency --pattern "112 110" --priority 1 --gateway carrier --caller-id +4930123450');
    await must('pbx block add +49900* --note "costs most"');
    await must("pbx plan set --country-code 49 --area-code 30");
    await must("pbx cap set --concurrent 2 --per-hour 20 --per-day 100");
    await must("pbx cap set 1001 --international-per-day 5 --concurrent domain");
  })());

const one = (noun, name) => async (visit) => {
  await settle();
  await named(visit, noun, name);
};

export const states = [
  ...Object.entries(NOUNS).map(([noun, says]) => ({ name: `${noun}-none`, as: "admin", open: none(noun, says) })),
  ...Object.keys(NOUNS).map((noun) => ({ name: `${noun}-new`, as: "admin", open: fresh(noun) })),
  ...Object.keys(NOUNS).map((noun) => ({
    name: noun,
    as: "admin",
    async open(visit) {
      await settle();
      await list(noun)(visit);
      await visit.settled();
    },
  })),
  { name: "gateway", as: "admin", open: one("gateways", "carrier") },
  { name: "group", as: "admin", open: one("groups", "staff") },
  { name: "route", as: "admin", open: one("routes", "germany") },
  { name: "caller-id", as: "admin", open: one("caller-ids", "+4930123450") },
  { name: "number-plan", as: "admin", open: one("number-plans", "49") },
  { name: "block", as: "admin", open: one("blocks", "+49900*") },
  {
    name: "cap",
    as: "admin",
    async open(visit) {
      await settle();
      await first(visit, "caps");
    },
  },
  {
    name: "route-german",
    as: "admin",
    async open(visit) {
      await one("routes", "germany")(visit);
      await visit.page.selectOption(".top select", "de");
    },
    close: ({ page }) => page.selectOption(".top select", "en"),
  },
];

export const scenarios = {
  "a gateway is made; its state is seen at a glance and its password never": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    const heard = [];
    page.on("response", async (response) => {
      if (response.url().includes("/api/v1/")) heard.push(await response.text().catch(() => ""));
    });
    await list("gateways")(admin);
    await page.click("a.button.primary");
    await field(admin, "name").fill("third");
    await field(admin, "proxy").fill("203.0.113.5");
    await field(admin, "username").fill("55555");
    await field(admin, "password").fill("zW3-never-seen-again");
    await save(admin);
    await page.waitForURL(/\/admin\/gateways\/[0-9a-f-]{36}$/);
    await page.waitForSelector(".known");
    check((await page.innerText(".known")).includes("Has a password"), "that it has one");
    equal(await field(admin, "password").inputValue(), "", "what is shown of it");
    const made = await ask("pbx gateway show third");
    equal([made.proxy, made.register], ["203.0.113.5", true], "with a password it registers");
    // Changed without it, it stays.
    await field(admin, "max_calls").fill("7");
    await save(admin);
    await said(admin, "good");
    equal((await ask("pbx gateway show third")).max_calls, 7, "calls at once");
    await list("gateways")(admin);
    const row = page.locator("tbody tr", { hasText: "third" });
    await row.locator(".state").waitFor();
    // What the switch says of it is there without anybody asking again.
    await must("fire CUSTOM sofia::gateway_state Gateway=third State=REGED Ping-Status=UP");
    await row.locator(".state.up").waitFor();
    await must("fire CUSTOM sofia::gateway_state Gateway=third State=FAIL_WAIT Ping-Status=DOWN Status=503");
    await row.locator(".state.down").waitFor();
    check(heard.length > 3 && !heard.some((text) => text.includes("never-seen-again")), "no answer has the password");
    check(!(await page.content()).includes("never-seen-again"), "nor the page");
    await row.locator("a").click();
    await page.click("button:has-text('Delete')");
    await page.click("dialog .hangup");
    await page.waitForURL("**/admin/gateways");
    check((await cli("pbx gateway show third")).startsWith("-ERR"), "it is gone");
  },

  "a group gets members and a route, and loses them": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await list("groups")(admin);
    await page.click("a.button.primary");
    await field(admin, "name").fill("guests");
    await save(admin);
    await page.waitForURL(/\/admin\/groups\/[0-9a-f-]{36}$/);
    const members = part(admin, "Members");
    await members.locator("text=None yet").waitFor();
    const input = members.locator("input");
    await pick(admin, input, "1003", "1003 Carol Çelik");
    await members.locator("button:has-text('Add')").click();
    await until("the member", async () => (await things(members)).join().includes("1003 Carol Çelik"));
    await becomes("the next can be typed", () => page.evaluate("document.activeElement.tagName"), "INPUT");
    await pick(admin, input, "1004", "1004 Dave Dąbrowski");
    await page.keyboard.press("Enter");
    await until("two of them", async () => (await things(members)).length === 2);
    await admin.axe("members");
    const group = async () => (await ask("pbx group show guests")).members;
    equal((await group()).map(String).sort().join(), "1003,1004", "the members");
    const routes = part(admin, "Routes granted");
    await pick(admin, routes.locator("input"), "world", "world");
    await routes.locator("button:has-text('Add')").click();
    await until("the grant", async () => (await things(routes)).join().includes("world"));
    // Seen from the other side.
    await routes.locator("a:has-text('world')").click();
    const may = part(admin, "Who may take it");
    await until("the group at the route", async () => (await things(may)).join().includes("guests"));
    await may.locator("a:has-text('guests')").click();
    await part(admin, "Members").locator("button[aria-label^='Remove']").first().click();
    await until("one of them", async () => (await things(part(admin, "Members"))).length === 1);
    equal((await group()).length, 1, "who is left");
    // The same twice is refused, and said.
    admin.expects(409, "/api/v1/").expects(422, "/api/v1/");
    const left = (await things(part(admin, "Members")))[0];
    const again = left.includes("1003") ? "1003 Carol Çelik" : "1004 Dave Dąbrowski";
    await pick(admin, part(admin, "Members").locator("input"), again.slice(0, 4), again);
    await part(admin, "Members").locator("button:has-text('Add')").click();
    await part(admin, "Members").locator("[role=status].bad").waitFor();
    await admin.axe("refused");
    equal((await group()).length, 1, "nothing was added");
    await must("pbx group delete guests --with-everything").catch(() => must("pbx group delete guests"));
  },

  "a route is made, granted to an extension, and put in another place": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(422, "/api/v1/routes");
    await list("routes")(admin);
    const order = () => page.$$eval("tbody tr", (all) => all.map((row) => row.cells[0].innerText));
    equal(await order(), ["help", "germany", "world"], "in their order");
    await page.click("a.button.primary");
    await field(admin, "name").fill("mobile");
    await field(admin, "pattern").fill("not a pattern");
    await field(admin, "class").selectOption("mobile");
    await choose(admin, "caller_id", "+4930", "+4930123450 Example Ltd");
    await save(admin);
    await said(admin, "bad");
    await field(admin, "pattern").fill("+4915*");
    await save(admin);
    await page.waitForURL(/\/admin\/routes\/[0-9a-f-]{36}$/);
    const may = part(admin, "Who may take it");
    await pick(admin, may.locator("input[name=extension_id]"), "1005", "1005 Eve Eriksson");
    await may.locator("form", { has: page.locator("input[name=extension_id]") }).locator("button").click();
    await until("the grant", async () => (await things(may)).join().includes("1005 Eve Eriksson"));
    await becomes("the number shown, by its name", () => field(admin, "caller_id").inputValue(), "+4930123450 Example Ltd");
    await field(admin, "priority").fill("50");
    await save(admin);
    await said(admin, "good");
    await list("routes")(admin);
    equal(await order(), ["help", "mobile", "germany", "world"], "the new order");
    // At the extension it is seen as well.
    const { id } = await ask("pbx extension show 1005");
    await admin.goto(`/admin/extensions/${id}`);
    await until("the grant there", async () => (await things(part(admin, "Routes granted"))).join().includes("mobile"));
    await must("pbx route delete mobile");
  },

  "a limit of the domain and one of an extension are told apart": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await list("caps")(admin);
    await until("whose they are", async () => {
      const all = await page.$$eval("tbody tr", (rows) => rows.map((row) => row.cells[0].innerText));
      return all.includes("the whole domain") && all.includes("1001 Alice Adams");
    });
    await page.click("a.button.primary");
    await choose(admin, "extension_id", "1006", "1006 Frank Fischer");
    await field(admin, "per_day").fill("3");
    await save(admin);
    await page.waitForURL(/\/admin\/caps\/[0-9a-f-]{36}$/);
    await field(admin, "per_day").fill("");
    await field(admin, "concurrent").fill("0");
    await save(admin);
    await said(admin, "good");
    const limits = await ask("pbx cap list");
    check(JSON.stringify(limits).includes("1006"), "the limit");
    await page.click("button:has-text('Delete')");
    await page.click("dialog .hangup");
    await page.waitForURL("**/admin/caps");
  },

  "a gateway's password is taken away, and only when that is said": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(422, "/api/v1/gateways");
    await must("pbx gateway add locked --proxy 192.0.2.8 --username 9 --password kT8-locked-vqPz --register yes");
    await named(admin, "gateways", "locked");
    const has = async () => (await ask("pbx gateway show locked")).has_password;
    // What is typed and taken back is nothing.
    await field(admin, "password").fill("x");
    await field(admin, "password").fill("");
    await field(admin, "max_calls").fill("3");
    await save(admin);
    await said(admin, "good");
    equal(await has(), true, "it stays");
    await field(admin, "no_password").check();
    equal(await field(admin, "password").count(), 0, "nothing to type");
    await save(admin);
    await said(admin, "bad");
    await field(admin, "register").uncheck();
    await save(admin);
    await said(admin, "good");
    equal(await field(admin, "no_password").count(), 0, "there is none any more");
    check((await page.innerText(".known")).includes("no"), "it is said");
    await must("pbx gateway delete locked");
  },

  "a number is blocked, and another is owned": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await fresh("blocks")(admin);
    await field(admin, "pattern").fill("+882*");
    await field(admin, "note").fill("satellites");
    await save(admin);
    await page.waitForURL(/\/admin\/blocks\/[0-9a-f-]{36}$/);
    check(JSON.stringify(await ask("pbx block list")).includes("satellites"), "the block");
    await fresh("caller-ids")(admin);
    await field(admin, "number").fill("+4930123459");
    await save(admin);
    await page.waitForURL(/\/admin\/caller-ids\/[0-9a-f-]{36}$/);
    check(JSON.stringify(await ask("pbx caller-id list")).includes("+4930123459"), "the number");
  },

  "all of it speaks German and fits a phone": async ({ visit }) => {
    await settle();
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await page.setViewportSize(NARROW);
    await admin.goto("/admin");
    await inGerman(admin, async () => {
      for (const noun of Object.keys(NOUNS)) {
        for (const open of [list(noun), fresh(noun)]) {
          await open(admin);
          await fits(admin);
          await admin.axe(`${noun}, German`);
        }
      }
      equal(await page.locator(".menu ul").first().isVisible(), false, "the menu is out of the way");
      await page.click(".menu .opener");
      check((await page.innerText(".menu")).includes("Gesperrte Nummern"), "the menu");
      await admin.axe("the menu, open");
      await page.click(".menu a:has-text('Gruppen')");
      await until("closed again", async () => !(await page.locator(".menu ul").first().isVisible()));
    });
  },

  "an administrator of a domain sees routes, and changes groups and blocks only": async ({ visit }) => {
    await settle();
    await must("pbx user set carol@pbx.test --role domain-administrator --password walk-in-browser-39");
    const carol = await visit();
    await carol.goto("/");
    await carol.signIn("carol@pbx.test");
    await carol.page.waitForSelector("header a[href='/admin']");
    await carol.goto("/admin/gateways");
    await until("nothing", async () => (await carol.page.innerText(".inside h1")) === "There is nothing here");
    await list("routes")(carol);
    equal(await carol.page.locator("a.button.primary").count(), 0, "no way to make one");
    await carol.page.click("tbody a:has-text('germany')");
    const may = part(carol, "Who may take it");
    await until("the grants", async () => (await things(may)).join().includes("staff"));
    equal(await may.locator("button").count(), 0, "nothing to grant or take");
    await list("groups")(carol);
    await carol.page.click("tbody a:has-text('staff')");
    await part(carol, "Members").locator("button:has-text('Add')").waitFor();
    await must("pbx user set carol@pbx.test --role user");
  },
};
