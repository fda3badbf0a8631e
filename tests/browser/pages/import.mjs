// Import: a directory is chosen, looked at, and taken over. Export: all of it, or a table.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fits, inGerman } from "../lib/admin.mjs";
import { ask, check, cli, equal, must, until } from "../lib/host.mjs";
import { NARROW } from "../lib/visit.mjs";

const MAIN = `<include><domain name="old.test"><groups><group name="default"><users>
  <X-PRE-PROCESS cmd="include" data="default/*.xml"/></users></group></groups></domain></include>`;
const user = (id, password, name) => `<include><user id="${id}"><params><param name="password" value="${password}"/>
  <param name="vm-password" value="${id}"/></params>
  <variables><variable name="effective_caller_id_name" value="${name}"/><variable name="toll_allow" value="all"/></variables></user></include>`;

/** A folder as a switch has it: two that are good, one whose password is weak, one that is faulty, and what is no XML. */
const folder = mkdtempSync(join(tmpdir(), "pbx-directory-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "default"));
writeFileSync(join(folder, "default.xml"), MAIN);
writeFileSync(join(folder, "README.md"), "no directory");
writeFileSync(join(folder, "default", "2001.xml"), user("2001", "kT8!vqPz2w-old", "Old Nora"));
writeFileSync(join(folder, "default", "2002.xml"), user("2002", "1234", "Old Owen, with a name that goes on for long"));
writeFileSync(join(folder, "default", "2003.xml"), user("2003", "$${secret_of_2003}", "Old Pia"));

const open = async (visit) => {
  await visit.goto("/admin/import");
  await visit.page.waitForSelector("#import-folder");
};
const chosen = async (visit) => {
  await open(visit);
  await visit.page.setInputFiles("#import-folder", folder);
  await visit.page.waitForSelector("#import-main");
};
const looked = async (visit) => {
  await chosen(visit);
  await visit.page.click("button:has-text('See what would be done')");
  await visit.page.waitForSelector(".counts");
};
const counts = ({ page }) => page.$$eval(".counts dd", (all) => all.map((one) => one.innerText).join(" "));
const revision = async () => (await ask("pbx revisions --limit 1")).revisions[0].rev;

export const states = [
  { name: "nothing", as: "admin", open },
  { name: "chosen", as: "admin", open: chosen },
  { name: "looked", as: "admin", open: looked },
  {
    name: "failed",
    as: "admin",
    async open(visit) {
      await open(visit);
      await visit.page.setInputFiles("#import-files", { name: "broken.xml", mimeType: "text/xml", buffer: Buffer.from("<include><domain") });
      await visit.page.click("button:has-text('See what would be done')");
      await visit.page.waitForSelector("[role=alert]:not(:empty)");
    },
  },
  {
    name: "working",
    as: "admin",
    async open(visit) {
      await visit.page.route("**/api/v1/imports/*", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...(await answer.json()), state: "running", percent: 37, report: null } });
      });
      await chosen(visit);
      await visit.page.click("button:has-text('See what would be done')");
      await visit.page.waitForSelector("progress[value='37']");
    },
  },
  {
    name: "export",
    as: "admin",
    async open(visit) {
      await visit.goto("/admin/export");
      await visit.page.waitForSelector("ul.rows li");
    },
  },
];

export const scenarios = {
  "nothing is written before it was seen, and then what was seen": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    const before = await revision();
    await looked(admin);
    check((await page.innerText(".import")).includes("XML files: 4"), "what is no XML is not sent");
    equal(await page.inputValue("#import-main"), "default.xml", "what is read first");
    equal(await counts(admin), "2 0 1", "to import, left out, faulty");
    equal(await revision(), before, "looking writes nothing");
    check((await cli("pbx extension show 2001@old.test")).startsWith("-ERR"), "nobody is there yet");
    const rows = await page.$$eval("tbody tr", (all) => all.map((row) => row.innerText));
    equal(rows.length, 3, "a row each");
    check(rows[0].includes("2003") && rows[0].includes("secret_of_2003"), `what is faulty first, and why: ${rows[0]}`);
    check(rows.some((row) => row.includes("2002") && row.includes("new password")), "what changes");
    await page.selectOption(".import label.row select", "refuse");
    equal(await page.locator("tbody tr").count(), 1, "only what is faulty");

    // The variable that the switch does not know: what was seen is not what is there now.
    await page.click("fieldset fieldset button:has-text('Add a row')");
    await page.fill("#variable-0", "secret_of_2003");
    await page.fill("#value-0", "kT8!vqPz2w-two");
    equal(await page.locator("button:has-text('Import 2')").count(), 0, "it has to be looked at again");
    await page.click("button:has-text('See what would be done')");
    await until("another look", async () => (await page.locator(".counts").count()) === 1 && (await counts(admin)) === "3 0 0");
    equal(await revision(), before, "still nothing");

    await page.click("button:has-text('Import 3')");
    await page.waitForSelector("h2.good");
    await admin.axe("imported");
    check((await page.innerText("h2.good")).includes(`revision ${before + 1}`), "one revision");
    equal(await revision(), before + 1, "and no other");
    equal(await counts(admin), "3 0 0", "what was done");
    equal((await ask("pbx extension show 2001@old.test")).caller_id_name, "Old Nora", "who is there now");
    const download = page.waitForEvent("download");
    await page.click("button:has-text('Save them as a table')");
    const file = await download;
    equal(file.suggestedFilename(), "passwords.csv", "the file");
    const table = readFileSync(await file.path(), "utf8");
    check(/"2002","old.test","\S+"/.test(table) && !table.includes('"2001","old.test","kT8'), table);
    // Once more: they are there already.
    await page.click("button:has-text('Another import')");
    await page.setInputFiles("#import-folder", folder);
    await page.click("button:has-text('See what would be done')");
    await page.waitForSelector(".counts");
    check((await page.innerText(".import")).includes("There is nothing to import"), "nothing twice");
    await must("pbx domain delete old.test --with-everything");
  },

  "the progress bar is as far as the server says, and outlives a moment without it": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    admin.expects(503, "/api/v1/imports/");
    const says = [12, 57, 503, 91];
    let last = 0;
    const seen = [];
    await page.route("**/api/v1/imports/*", async (route) => {
      if (last) seen.push(await page.locator("progress").evaluate((bar) => bar.value).catch(() => null));
      const next = says.shift();
      if (next === undefined) return route.continue();
      if (next === 503) return route.fulfill({ status: 503, json: { type: "urn:pbx:unavailable", detail: "later" } });
      last = next;
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), state: "running", percent: next, report: null } });
    });
    await looked(admin);
    equal(seen, [12, 57, 57, 91], "what the bar showed");
  },

  "what cannot be imported says why, and nothing is lost": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    const before = await revision();
    await open(admin);
    const file = (name, text) => ({ name, mimeType: "text/xml", buffer: Buffer.from(text) });
    await page.setInputFiles("#import-files", [file("notes.txt", "no directory")]);
    await until("no XML", async () => (await page.innerText(".import")).includes("no XML file"));
    await page.setInputFiles("#import-files", [file("a.xml", '<include><X-PRE-PROCESS cmd="include" data="/etc/passwd"/></include>')]);
    await page.fill("#import-domain", "new.test");
    await page.click("button:has-text('See what would be done')");
    const said = await (await page.waitForSelector("[role=alert]:not(:empty)")).innerText();
    check(said.length > 10 && !said.includes("root:"), said);
    equal(await page.inputValue("#import-domain"), "new.test", "what was typed");
    await page.fill("#import-domain", "not a domain!");
    admin.expects(422, "/api/v1/imports");
    await page.click("button:has-text('See what would be done')");
    await until("what is wrong with it", async () => (await page.innerText("[role=alert]")).includes("domain"));
    equal(await revision(), before, "nothing was written");
  },

  "what is exported can be read, holds no secret, and a table is one": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await page.goto("/admin/export");
    const taken = async (button) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
      return [file.suggestedFilename(), readFileSync(await file.path(), "utf8")];
    };
    const [name, text] = await taken("button:has-text('All of it')");
    equal(name, "pbx.json", "the file");
    const all = JSON.parse(text);
    check(all.extensions.length > 60 && all.lines.length > 60, "what is in it");
    check(!/a1_hash|password_hash|"password"/.test(text), "no secret");
    const [csv, table] = await taken("button[aria-label='Extensions as CSV']");
    equal(csv, "extensions.csv", "the table");
    check(table.split("\r\n")[0].includes("number") && table.includes("1001"), table.slice(0, 200));
    // A refusal is no file.
    admin.expects(409, "/api/v1/export");
    await page.route("**/api/v1/export/lines.csv", (route) =>
      route.fulfill({ status: 409, json: { type: "urn:pbx:conflict", detail: "there are too many lines" } }),
    );
    await page.click("button[aria-label='Lines as CSV']");
    await until("why", async () => (await page.innerText("[role=alert].bad")).includes("too many lines"));
  },

  "both speak German and fit a phone": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    await admin.page.setViewportSize(NARROW);
    await looked(admin);
    await inGerman(admin, async () => {
      await fits(admin);
      await admin.axe("looked at, German");
      await admin.goto("/admin/export");
      await admin.page.waitForSelector("text=Als Tabellen");
      await fits(admin);
      await admin.axe("export, German");
    });
  },

  "an administrator of a domain exports, and does not import": async ({ visit }) => {
    await must("pbx user set carol@pbx.test --role domain-administrator --password walk-in-browser-39");
    const carol = await visit();
    await carol.goto("/");
    await carol.signIn("carol@pbx.test");
    await carol.page.waitForSelector("header a[href='/admin']");
    await carol.goto("/admin/import");
    await until("nothing", async () => (await carol.page.innerText(".inside h1")) === "There is nothing here");
    await carol.goto("/admin/export");
    await carol.page.waitForSelector("ul.rows li");
    equal(await carol.page.locator(".menu a[href='/admin/import']").count(), 0, "the way there");
    equal(await carol.page.locator("button[aria-label='Gateways as CSV']").count(), 0, "what is not hers");
    await must("pbx user set carol@pbx.test --role user");
  },
};
