// Signing in and out.
import { check, equal, must, until } from "../lib/host.mjs";
import { PEOPLE, channelOf } from "../lib/people.mjs";

const form = (visit) => visit.page.waitForSelector("form [name=password]");
const said = (visit) => visit.page.waitForSelector("form [role=alert]:not(:empty)").then((found) => found.innerText());

export const states = [
  {
    name: "form",
    async open(visit) {
      await visit.goto("/");
      await form(visit);
    },
  },
  {
    name: "refused",
    async open(visit) {
      visit.expects(401, "/api/sign-in");
      await visit.goto("/");
      await form(visit);
      await visit.signIn("nobody@pbx.test", "something else");
      await said(visit);
    },
  },
];

export const scenarios = {
  "a wrong password is refused as an unknown name is, the right one shows the own extension": async ({ visit }) => {
    const alice = await visit();
    alice.expects(401, "/api/sign-in");
    await alice.goto("/");
    await form(alice);
    const wrong = [];
    for (const [name, password] of [[PEOPLE.alice.name, "not-my-password"], ["nobody@pbx.test", "not-my-password"]]) {
      await alice.signIn(name, password);
      wrong.push(await said(alice));
      // The next try clears it first.
    }
    equal(wrong[0], wrong[1], "what is said");
    check(/password/i.test(wrong[0]), wrong[0]);
    equal(await alice.page.inputValue("[name=name]"), "nobody@pbx.test", "the name is still there");
    await alice.signIn(PEOPLE.alice.name);
    const channel = await channelOf("1001");
    await alice.page.waitForURL(`**/extensions/${channel}`);
    check((await alice.page.innerText("h1")).includes("Alice Adams"), "her name");
    // Not to be read by a script, and not to be seen by anybody who comes after.
    equal(await alice.page.evaluate("document.cookie"), "", "cookies");
    await alice.page.click("header button:last-of-type");
    await form(alice);
    equal((await alice.page.request.get("/api/me")).status(), 401, "signed out");
  },

  "a page that is asked for while nobody is signed in is there after signing in": async ({ visit }) => {
    const alice = await visit();
    const path = `/extensions/${await channelOf("1001")}`;
    alice.expects(404, path);
    await alice.goto(path);
    await form(alice);
    await alice.signIn(PEOPLE.alice.name);
    await alice.page.waitForSelector(".phone");
    equal(new URL(alice.page.url()).pathname, path, "where she is");
  },

  "the keyboard is enough": async ({ visit }) => {
    const alice = await visit();
    await alice.goto("/");
    await form(alice);
    const at = () => alice.page.evaluate("document.activeElement.getAttribute('name')");
    await until("the first field", async () => {
      if ((await at()) === "name") return true;
      await alice.page.keyboard.press("Tab");
      return false;
    });
    await alice.page.keyboard.type(PEOPLE.alice.name);
    await alice.page.keyboard.press("Tab");
    equal(await at(), "password", "the second field");
    await alice.page.keyboard.type("walk-in-browser-39");
    await alice.page.keyboard.press("Enter");
    await alice.page.waitForSelector(".phone");
  },

  "who is signed out elsewhere is asked to sign in again": async ({ visit }) => {
    const bob = await visit({ as: "bob" });
    await bob.page.waitForSelector("tbody tr");
    bob.expects(401, "/api/");
    await must(`pbx sessions end --user ${PEOPLE.bob.name}`);
    // The stream of events ends with the session, and the page asks who it is.
    await bob.page.waitForSelector("form [name=password]");
  },

  "another language is kept": async ({ visit }) => {
    const alice = await visit({ locale: "de-DE" });
    await alice.goto("/");
    await form(alice);
    equal(await alice.page.innerText("h1"), "Anmelden", "the browser's language");
    await alice.page.selectOption("header select", "en");
    equal(await alice.page.innerText("h1"), "Sign in", "the chosen language");
    equal(await alice.page.evaluate("document.documentElement.lang"), "en", "lang");
    await alice.page.reload();
    await form(alice);
    equal(await alice.page.innerText("h1"), "Sign in", "after a reload");
  },
};
