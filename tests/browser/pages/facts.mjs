// What comes by itself, and is looked through and ended in administration: bans, and mail that waits.
import { first, list, there } from "../lib/admin.mjs";
import { DOMAIN, ask, becomes, check, cli, equal, must, until } from "../lib/host.mjs";
import { MailServer, told } from "../lib/post.mjs";

const bans = async () => (await ask("pbx ban list")).bans;
const mail = async () => (await ask("pbx mail list")).mail;

/** Somebody tries passwords for a line, from an address that no phone of it registered from, until it is banned there. */
const banned = async (line, address) => {
  // Refused if they are so already.
  await cli("pbx setting set ban-account-failures 3");
  await cli("pbx setting set ban-seconds 3600");
  for (let at = 0; at < 3; at += 1) {
    await must(
      `fire CUSTOM sofia::register_failure to-user=${line} to-host=${DOMAIN} network-ip=${address} registration-type=REGISTER`,
    );
  }
  await until("the ban", async () => (await bans()).some((ban) => ban.address === address));
};
const lifted = async () => {
  for (const { address } of await bans()) await must(`pbx ban lift ${address}`);
};

let server;
/** A mail that the mail server answers like this. */
const posted = async (id, says) => {
  server ??= await MailServer.start();
  server.says = says;
  await cli("pbx user set alice --email alice@example.com");
  const asked = server.asked;
  await told(id, "1001", "Bob");
  await until("the mail server to be asked", () => server.asked > asked);
  // The server's answer is written down after it was given.
  await until("the answer", async () => (await mail()).some(({ last_error: said }) => said));
};
const dropped = async () => {
  // Refused if there is none.
  await cli("pbx mail drop all");
  await server?.stop();
  server = undefined;
};
const confirm = ({ page }, button) => page.click(`button:has-text('${button}')`).then(() => page.click("dialog .hangup"));

export const states = [
  ...["bans", "bans-one"].map((name) => ({
    name,
    as: "admin",
    open: async (visit) => {
      await banned("bob-desk", "192.0.2.7");
      await banned("alice-desk", "192.0.2.9");
      await (name === "bans" ? list("bans")(visit) : first(visit, "bans"));
    },
    close: lifted,
  })),
  ...["mail", "mail-one"].map((name) => ({
    name,
    as: "admin",
    open: async (visit) => {
      await posted(name, "450 4.2.1 come back later");
      await (name === "mail" ? list("mail")(visit) : first(visit, "mail"));
    },
    close: dropped,
  })),
];

export const scenarios = {
  "a ban is lifted, and the others stay": async ({ visit }) => {
    await banned("alice-desk", "192.0.2.7");
    await banned("bob-desk", "192.0.2.8");
    const admin = await visit({ as: "admin" });
    const { page } = admin;
    await list("bans")(admin);
    equal(await page.locator("tbody tr").count(), 2, "bans");
    await page.fill("#search", "192.0.2.7");
    await until("it alone", async () => (await page.locator("tbody tr").count()) === 1);
    check((await page.innerText("tbody tr")).includes(`alice-desk@${DOMAIN}`), "whose line it is");
    await page.click("tbody a");
    await confirm(admin, "Delete");
    await page.waitForURL("**/admin/bans");
    await becomes("who is banned", async () => (await bans()).map(({ address }) => address), ["192.0.2.8"]);
    await page.fill("#search", "");
    await there(admin);
    equal(await page.locator("tbody tr").count(), 1, "bans that are left");
    await lifted();
  },

  "mail that waits is sent at once, and what was given up is dropped": async ({ visit }) => {
    const admin = await visit({ as: "admin" });
    // What is sent is no longer there when it is asked for again.
    admin.expects(404, "/api/v1/mail");
    const { page } = admin;
    await posted("busy", "450 4.2.1 come back later");
    await list("mail")(admin);
    check((await page.innerText("tbody tr")).includes("waiting"), "its state");
    await page.click("tbody a:has-text('alice@example.com')");
    await page.waitForSelector("text=come back later");
    server.says = "250 2.1.5 fine";
    await confirm(admin, "Try now");
    await until("the mail", () => server.taken.length === 1);
    check(server.taken[0].includes("Bob"), "who called is told");
    await becomes("the queue", mail, []);

    await posted("nobody", "550 5.1.1 no such person");
    await until("it to be given up", async () => (await mail())[0].state === "failed");
    await list("mail")(admin);
    check((await page.innerText("tbody tr")).includes("given up"), "its state");
    await page.click("tbody a:has-text('alice@example.com')");
    await page.waitForSelector("text=no such person");
    await confirm(admin, "Delete");
    await page.waitForURL("**/admin/mail");
    await becomes("the queue", mail, []);
    equal(server.taken.length, 1, "mails that were sent");
    await dropped();
  },
};
