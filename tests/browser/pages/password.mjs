// Choosing a password: because one was given, or because one wants to.
import { check, equal, must } from "../lib/host.mjs";
import { PASSWORD, reset } from "../lib/people.mjs";

const fill = async ({ page }, current, next, again = next) => {
  await page.fill("[name=current]", current);
  await page.fill("[name=new]", next);
  await page.fill("[name=again]", again);
  await page.click("form button");
};
const said = ({ page }, kind = "") =>
  page.waitForSelector(`form [role=alert]${kind}:not(:empty)`).then((found) => found.innerText());

export const states = [
  {
    name: "chosen",
    as: "alice",
    async open(visit) {
      await visit.goto("/password");
      await visit.page.waitForSelector("[name=again]");
    },
  },
  {
    name: "differs",
    as: "alice",
    async open(visit) {
      await visit.goto("/password");
      await visit.page.waitForSelector("[name=again]");
      await fill(visit, PASSWORD, "one-long-password", "another-long-password");
      await said(visit);
    },
  },
];

export const scenarios = {
  "a password that is good for once has to be changed before anything else": async ({ visit }) => {
    await must("pbx user add newcomer --name Newcomer");
    const once = await reset("newcomer");
    const person = await visit();
    person.expects(401, "/api/").expects(403, "/api/").expects(422, "/api/password");
    await person.goto("/");
    await person.signIn("newcomer@pbx.test", once);
    const { page } = person;
    await page.waitForSelector("[name=again]");
    await person.axe("a password must be chosen");
    // No other page is to be had.
    await person.goto("/");
    await page.waitForSelector("[name=again]");
    const refused = await page.evaluate(() => fetch("/api/extensions").then((answer) => answer.status));
    check(refused === 401 || refused === 403, `the table answers ${refused}`);
    const chosen = "a-password-of-my-own-7";
    await fill(person, once, chosen, `${chosen}x`);
    check((await said(person, ".bad")).includes("differ"), "two passwords that differ");
    await fill(person, "not-the-password", chosen);
    check(/password/i.test(await said(person, ".bad")), "a wrong password");
    await fill(person, once, once);
    check(/old/i.test(await said(person, ".bad")), "the same one again");
    await fill(person, once, chosen);
    await page.waitForSelector("[name=again]", { state: "detached" });
    const other = await visit();
    other.expects(401, "/api/sign-in");
    await other.goto("/");
    await other.signIn("newcomer@pbx.test", once);
    await said(other, ".bad");
    await other.signIn("newcomer@pbx.test", chosen);
    await other.page.waitForSelector("form [name=password]", { state: "detached" });
    equal((await other.page.request.get("/api/me")).status(), 200, "signed in");
  },
};
