// What people see when something is refused, missing, broken or out of reach.
import { check, equal, origin, until } from "../lib/host.mjs";
import { channelOf } from "../lib/people.mjs";

const heading = ({ page }) => page.waitForSelector("h1").then((found) => found.innerText());
const problem = (status, kind, detail) => ({
  status,
  contentType: "application/problem+json",
  body: JSON.stringify({ type: `urn:pbx:${kind}`, status, detail }),
});
const table = async (visit) => {
  await visit.goto(`/extensions/${await channelOf("1001")}`);
  await visit.page.waitForSelector("tbody tr");
};
/** The table is asked for again, and the server answers this. */
const refused = (status, kind, detail) => async (visit) => {
  await table(visit);
  visit.expects(status, "/api/extensions");
  await visit.page.route("**/api/extensions?*", (route) => route.fulfill(problem(status, kind, detail)));
  await visit.page.click("th button");
  await visit.page.waitForSelector(`main [role=alert]:not(.hidden):has-text("${detail}")`);
};
const wrongName = `http://elsewhere.test:${new URL(origin).port}`;

export const states = [
  {
    name: "404-address",
    async open(visit) {
      visit.expects(404, "/nowhere");
      equal((await visit.goto("/nowhere")).status(), 404, "status");
      await heading(visit);
    },
  },
  {
    name: "404-extension",
    as: "alice",
    async open(visit) {
      const path = `/extensions/${await channelOf("1002")}`;
      visit.expects(404, path);
      equal((await visit.goto(path)).status(), 404, "status");
      await until("the page", async () => (await heading(visit)) === "There is nothing here");
    },
  },
  {
    name: "421-name",
    async open(visit) {
      visit.origins.add(wrongName);
      // By that name it is no secure page either, as the browser says of its headers.
      visit.expects(421, "/").ignores("Cross-Origin-Opener-Policy");
      equal((await visit.goto(`${wrongName}/`)).status(), 421, "status");
      check((await visit.page.innerText("main")).includes("public-url"), "what to do");
    },
  },
  { name: "403-refused", as: "alice", open: refused(403, "forbidden", "This is not for you.") },
  { name: "500-internal", as: "alice", open: refused(500, "internal", "Something failed inside the PBX") },
  {
    name: "offline",
    as: "alice",
    async open(visit) {
      await table(visit);
      await visit.offline(true);
      await visit.page.click("th button");
      await visit.page.waitForSelector('main [role=alert]:not(.hidden):has-text("cannot be reached")');
    },
  },
];

export const scenarios = {
  "after a failure the table comes back by itself": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await refused(500, "internal", "Something failed inside the PBX")(alice);
    await alice.page.unroute("**/api/extensions?*");
    await alice.page.waitForSelector("main [role=alert]:not(.hidden)", { state: "detached" });
    await alice.page.waitForSelector("tbody tr");
  },

  "an answer that is no JSON is an error and not a blank page": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await table(alice);
    alice.expects(502, "/api/extensions");
    await alice.page.route("**/api/extensions?*", (route) => route.fulfill({ status: 502, body: "<h1>Bad Gateway</h1>" }));
    await alice.page.click("th button");
    await alice.page.waitForSelector('main [role=alert]:not(.hidden):has-text("502")');
    equal((await alice.page.$$("tbody tr")).length, 25, "rows that were there stay");
  },

  "without a network the page says so, and goes on when it is back": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    await table(alice);
    await alice.offline(true);
    await alice.page.fill("#search", "bob");
    await alice.page.waitForSelector('main [role=alert]:not(.hidden):has-text("cannot be reached")');
    await alice.offline(false);
    await until("the search", async () => (await alice.page.$$("tbody tr")).length === 1);
    await alice.page.waitForSelector("main [role=alert]:not(.hidden)", { state: "detached" });
  },

  "what the server refuses is said in German to who reads German": async ({ visit }) => {
    const alice = await visit({ as: "alice", locale: "de-DE" });
    alice.expects(422, "/api/me/").expects(409, "/api/me/");
    const { page } = alice;
    await alice.goto("/forwards");
    const always = page.locator("label.setting input >> nth=0");
    const said = async (number, text) => {
      await always.fill(number);
      await page.click(".panel .primary");
      const alert = page.locator(`.panel [role=alert]:has-text("${text}")`);
      await alert.waitFor();
      return alert.getAttribute("lang");
    };
    equal(await said("1001", "im Kreis"), null, "the language of a circle");
    equal(await said("4711", "keine Nummer, wie sie hier gewählt wird"), null, "the language of a number that is none");
    // What there are no words for is marked as what it is, for whoever has it read aloud.
    await page.route("**/api/me/forwards/*", (route) => route.fulfill(problem(409, "strange", "Something is strange.")));
    equal(await said("1002", "Something is strange."), "en", "the language of the server's own words");
    await alice.axe("refused in German");
  },

  "an address that nobody has leads back to the start": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    alice.expects(404, "/nowhere");
    await alice.goto("/nowhere");
    await alice.page.click("main a");
    await alice.page.waitForSelector("tbody tr");
  },
};
