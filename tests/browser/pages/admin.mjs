// Administration: lists and forms of every noun (web/ui/src/admin/nouns), made by the same code. What is special to
// one has a file of its own.
import { choose, field, first, fresh, list, none, said, save, there } from "../lib/admin.mjs";
import { ask, becomes, check, equal, must, origin, until } from "../lib/host.mjs";

/** Those that have a list; with a form for a new one, if there is one. */
const NOUNS = {
  users: true,
  extensions: true,
  lines: true,
  channels: false,
  domains: true,
  sessions: false,
  "sign-ins": false,
  keys: true,
  settings: false,
  revisions: false,
};
/** Those of which there may be none. */
const EMPTY = ["bans", "mail", "keys"];

export const states = [
  {
    name: "overview",
    as: "admin",
    async open(visit) {
      await visit.goto("/admin");
      await visit.page.waitForSelector(".tiles .value");
    },
  },
  ...Object.keys(NOUNS)
    .filter((noun) => !EMPTY.includes(noun))
    .map((noun) => ({ name: noun, as: "admin", open: list(noun) })),
  ...EMPTY.map((noun) => ({ name: `${noun}-none`, as: "admin", open: none(noun) })),
  ...Object.keys(NOUNS).filter((noun) => !EMPTY.includes(noun)).map((noun) => ({ name: `${noun}-one`, as: "admin", open: (visit) => first(visit, noun) })),
  ...Object.keys(NOUNS)
    .filter((noun) => NOUNS[noun])
    .map((noun) => ({ name: `${noun}-new`, as: "admin", open: fresh(noun) })),
  {
    name: "refused",
    as: "admin",
    async open(visit) {
      visit.expects(422, "/api/v1/");
      await visit.goto("/admin/extensions/new");
      await field(visit, "number").fill("1");
      await choose(visit, "user_id", "alice", "alice");
      await save(visit);
      await said(visit, "bad");
    },
  },
  {
    name: "delete",
    as: "admin",
    async open(visit) {
      await first(visit, "lines");
      await visit.page.click("button:has-text('Delete')");
      await visit.page.waitForSelector("dialog[open]");
    },
  },
  {
    name: "missing",
    as: "admin",
    async open(visit) {
      await visit.goto("/admin/nothing");
      await visit.page.waitForSelector(".inside h1");
    },
  },
];

export const scenarios = {
  "a person gets an extension with a line, and what to type into the phone is shown once": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await admin.goto("/admin/users");
    await there(admin);
    await page.click("a.button.primary");
    await field(admin, "name").fill("nina");
    await field(admin, "display_name").fill("Nina Novák");
    await choose(admin, "domain_id", "pbx", "pbx.test");
    await save(admin);
    await page.waitForURL(/\/admin\/users\/[0-9a-f-]{36}$/);
    await page.click("button:has-text('Password for once')");
    await page.click("dialog .hangup");
    await page.waitForSelector(".once code");
    await admin.axe("a password is shown");
    const once = await page.innerText(".once code");
    await page.click(".once > button");
    await page.waitForSelector(".once", { state: "detached" });

    await admin.goto("/admin/extensions/new");
    await field(admin, "number").fill("1900");
    await choose(admin, "user_id", "nina", "nina");
    await field(admin, "new_lines").fill("nina-desk");
    await save(admin);
    await page.waitForSelector(".once");
    await admin.axe("a phone's password is shown");
    const shown = await page.innerText(".once");
    check(shown.includes("nina-desk") && shown.includes("password"), shown);
    await page.reload();
    await page.waitForSelector(".fields");
    equal(await page.locator(".once").count(), 0, "shown again");

    const extension = await ask("pbx extension show 1900");
    equal([extension.user, extension.lines], ["nina", ["nina-desk"]], "the extension");
    const nina = await visit();
    nina.expects(401, "/api/");
    await nina.goto("/");
    await nina.signIn("nina@pbx.test", once);
    await nina.page.waitForSelector("[name=again]");
    // The next pages count who is there.
    await must("pbx user delete nina --with-everything");
  },

  "a field that is wrong is named, and nothing typed is lost": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    admin.expects(422, "/api/v1/").expects(409, "/api/v1/");
    await admin.goto("/admin/extensions/new");
    await field(admin, "number").fill("1");
    await choose(admin, "user_id", "alice", "alice");
    await field(admin, "caller_id_name").fill("Kept");
    await save(admin);
    await said(admin, "bad");
    await becomes("the keyboard where it is wrong", () => admin.page.evaluate("document.activeElement.name"), "number");
    equal(await field(admin, "number").getAttribute("aria-invalid"), "true", "aria-invalid");
    equal(await field(admin, "caller_id_name").inputValue(), "Kept", "what was typed");
    await field(admin, "number").fill("1001");
    await save(admin);
    await until("the number that is taken", async () => (await said(admin, "bad")).includes("1001"));
  },

  "two people change the same: the second is told, and nothing is lost": async ({ visit }) => {
    const one = await visit({ as: "admin" });
    const { id } = await ask("pbx extension show 1020");
    const path = `/admin/extensions/${id}`;
    one.expects(412, "/api/v1/");
    await one.goto(path);
    await field(one, "caller_id_name").fill("Mine");
    await must("pbx extension set 1020 --caller-id-name Theirs --ring-seconds 55");
    await save(one);
    check((await said(one, "bad")).includes("meanwhile"), "the conflict");
    await one.axe("a conflict");
    equal(await field(one, "caller_id_name").inputValue(), "Mine", "what was typed");
    check((await one.page.innerText(".fields")).includes("Theirs"), "what they wrote");
    equal(await field(one, "ring_seconds").inputValue(), "55", "what only they wrote");
    await save(one);
    await said(one, "good");
    const now = await ask("pbx extension show 1020");
    equal([now.caller_id_name, now.ring_seconds], ["Mine", 55], "both changes");
  },

  "an answer that a save has overtaken is not shown, and what was said stays": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { id } = await ask("pbx extension show 1021");
    await admin.goto(`/admin/extensions/${id}`);
    await field(admin, "caller_id_name").waitFor();
    await admin.settled();
    let answer;
    await admin.page.route(`**/api/v1/extensions/${id}`, async (route) => {
      if (route.request().method() !== "GET" || answer) return route.continue();
      const response = await route.fetch();
      answer = () => route.fulfill({ response });
    });
    // Something else has changed: the page asks again what it shows, and the answer takes its time.
    await must("pbx extension set 1022 --ring-seconds 31");
    await until("it is asked for again", () => answer);
    await field(admin, "caller_id_name").fill("Fresh");
    await save(admin);
    await said(admin, "good");
    await answer();
    await admin.settled();
    equal(await field(admin, "caller_id_name").inputValue(), "Fresh", "what is shown");
    check((await said(admin, "good")).includes("Saved"), "what was said");
    // On top of what was saved, not of what was shown before.
    await field(admin, "ring_seconds").fill("44");
    await save(admin);
    await said(admin, "good");
    const now = await ask("pbx extension show 1021");
    equal([now.caller_id_name, now.ring_seconds], ["Fresh", 44], "both changes");
  },

  "a list is searched, chosen from, sorted, paged, and is there again on the way back": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await list("users")(admin);
    const names = () => page.$$eval("tbody tr", (all) => all.map((row) => row.cells[0].innerText));
    await page.fill("#search", "böhm");
    await until("the search", async () => JSON.stringify(await names()) === '["bob"]');
    await page.click("tbody a");
    await page.waitForSelector(".fields");
    await page.goBack();
    await until("the search is still there", async () => JSON.stringify(await names()) === '["bob"]');
    await page.fill("#search", "");
    await page.selectOption(".filters select >> nth=0", "administrator");
    await until("the administrators", async () => JSON.stringify(await names()) === '["admin"]');
    await page.selectOption(".filters select >> nth=0", "");
    await until("all of them", async () => (await names()).length === 25);
    const heading = page.locator("th", { hasText: "Full name" });
    await heading.locator("button").click();
    await until("sorted", async () => (await names())[0] === "admin");
    await heading.locator("button").click();
    await until("the other way round", async () => (await names())[0] !== "admin");
    equal(await heading.getAttribute("aria-sort"), "descending", "aria-sort");
    await admin.settled();
    await page.click(".pager button:last-of-type");
    await until("the second page", async () => (await page.innerText(".pager")).includes("Page 2"));
    // What belongs to one.
    await page.fill("#search", "alice");
    await until("alice", async () => JSON.stringify(await names()) === '["alice"]');
    await page.click("tbody a");
    await page.click("a.button:has-text('Lines')");
    await until("her lines", async () => JSON.stringify(await names()) === '["alice-desk"]');
    await until("whose they are", async () => (await page.innerText(".inside")).includes("Only those of alice"));
  },

  "what is deleted says what goes along": async ({ visit }) => {
    await must("pbx extension add 1910 --user paul --name Paul --line paul-desk");
    const admin = await visit({ as: "admin" });
    admin.expects(409, "/api/v1/");
    const { id } = await ask("pbx extension show 1910");
    await admin.goto(`/admin/extensions/${id}`);
    const { page } = admin;
    await page.click("button:has-text('Delete')");
    await page.waitForSelector("dialog[open]");
    // Esc is no.
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.click("button:has-text('Delete')");
    await page.click("dialog .hangup");
    const everything = page.locator("dialog input[type=checkbox]");
    await everything.waitFor();
    await admin.axe("what goes along");
    await everything.check();
    await page.click("dialog .hangup");
    await page.waitForURL("**/admin/extensions");
    check((await ask("pbx extension list --search 1910")).extensions.length === 0, "it is gone");
  },

  "who is no administrator finds nothing here": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await alice.page.waitForSelector(".phone");
    equal(await alice.page.locator("header a[href='/admin']").count(), 0, "the way there");
    const fetched = [];
    alice.context.on("request", (request) => request.url().includes("/assets/admin-") && fetched.push(request));
    await alice.goto("/admin/users");
    await until("nothing", async () => (await alice.page.innerText("h1")) === "There is nothing here");
    equal(fetched.length, 0, "scripts of administration");
    alice.expects(403, "/api/v1/");
    const answer = await alice.page.evaluate(() => fetch("/api/v1/users").then(({ status }) => status));
    equal(answer, 403, "the API");
  },

  "an administrator of a domain sees only it": async ({ visit }) => {
    await must("pbx domain add other.test");
    await must("pbx extension add 1001@other.test --user stranger --name Stranger");
    await must("pbx user set carol@pbx.test --role domain-administrator --password walk-in-browser-39");
    const carol = await visit();
    await carol.goto("/");
    await carol.signIn("carol@pbx.test");
    await carol.page.click("header a[href='/admin']");
    await carol.page.waitForSelector(".tiles .value");
    await list("users")(carol);
    await carol.page.fill("#search", "stranger");
    await until("nobody", async () => (await carol.page.$$("tbody tr")).length === 0);
    await list("domains")(carol);
    await carol.settled();
    equal(await carol.page.locator("tbody tr").count(), 1, "domains");
    equal(await carol.page.locator("a.button.primary").count(), 0, "no way to make one");
    await must("pbx user set carol@pbx.test --role user");
    await must("pbx domain delete other.test --with-everything");
  },

  "the overview counts, and tells what needs attention": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    // Who has no extension begins here.
    await page.waitForURL("**/admin");
    await page.waitForSelector(".tiles .value");
    const tile = page.locator(".tile", { hasText: "Extensions" });
    const before = (await ask("pbx extension list")).total;
    await becomes("extensions", () => tile.locator(".value").innerText(), String(before));
    await until("who rings", async () => (await tile.locator("svg").getAttribute("aria-label")).includes("1 ringing"));
    // It is asked for again by itself.
    await must("pbx extension add 1920 --user olga --name Olga");
    await until("one more", async () => (await tile.locator(".value").innerText()) === String(before + 1));
    await must("pbx user delete olga --with-everything");
  },

  "a setting is changed, seen among the changes, and taken back": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(422, "/api/v1/settings");
    await list("settings")(admin);
    await page.fill("#search", "backups-kept");
    await until("it alone", async () => (await page.$$("tbody tr")).length === 1);
    await page.click("tbody a:text-is('backups-kept')");
    await field(admin, "value").fill("many");
    await save(admin);
    await said(admin, "bad");
    await field(admin, "value").fill("9");
    await save(admin);
    await said(admin, "good");
    const value = async () => (await ask("pbx setting list")).settings.find(({ name }) => name === "backups-kept").value;
    equal(await value(), "9", "the setting");
    await list("revisions")(admin);
    await until("the newest change", async () => (await page.innerText("tbody tr >> nth=0")).includes("backups-kept"));
    await page.click("tbody tr a >> nth=0");
    await page.waitForSelector("table caption");
    await admin.axe("a change");
    await page.click("button:has-text('Take it back')");
    await page.click("dialog .hangup");
    await until("the old value", async () => (await value()) !== "9");
  },

  "a key is shown once and opens what it may": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await admin.goto("/admin/keys/new");
    await field(admin, "name").fill("A program");
    await field(admin, "scopes").fill("users:read");
    await save(admin);
    await page.waitForSelector(".once code");
    const key = await page.innerText(".once code");
    const asked = async (path) => {
      const answer = await fetch(new URL(path, origin), { headers: { Authorization: `Bearer ${key}` } });
      return answer.status;
    };
    equal([await asked("/api/v1/users"), await asked("/api/v1/lines")], [200, 403], "what it opens");
    await page.click("button:has-text('Delete')");
    await page.click("dialog .hangup");
    await page.waitForURL("**/admin/keys");
    equal(await asked("/api/v1/users"), 401, "after it was deleted");
  },

  "whoever is signed in can be signed out": async ({ visit }) => {
    await must("pbx extension add 1930 --user quinn --name Quinn");
    await must("pbx user set quinn --password walk-in-browser-39");
    const quinn = await visit();
    await quinn.goto("/");
    await quinn.signIn("quinn@pbx.test");
    await quinn.page.waitForSelector("tbody tr");
    quinn.expects(401, "/api/");
    const admin = await visit({ as: "admin" });
    await list("sessions")(admin);
    await admin.page.fill("#search", "quinn");
    await until("the session", async () => (await admin.page.$$("tbody tr")).length === 1);
    await admin.page.click("tbody a");
    await admin.page.click("button:has-text('Delete')");
    await admin.page.click("dialog .hangup");
    await quinn.page.waitForSelector("form [name=password]");
    await must("pbx user delete quinn --with-everything");
  },
};
