// Who is in the PBX that the pages show.
import { DOMAIN, ask, leg, must, register } from "./host.mjs";

export const PASSWORD = "walk-in-browser-39";

/** Who may sign in, by the name that pages use. */
export const PEOPLE = {
  alice: { name: `alice@${DOMAIN}`, number: "1001" },
  bob: { name: `bob@${DOMAIN}`, number: "1002" },
  admin: { name: "admin@." },
};

const NAMES = ["Alice Adams", "Bob Böhm", "Carol Çelik", "Dave Dąbrowski", "Eve Eriksson", "Frank Fischer",
  "Grace García", "Heidi Hansen", "Ivan Ivanov", "Judy Jónsdóttir", "Mallory McDonald-Featherstonehaugh"];

/** A domain of 62 people, some of them at their phones. */
export const settle = async () => {
  await must(`pbx domain add ${DOMAIN}`);
  for (let at = 0; at < 62; at += 1) {
    const number = 1001 + at;
    const name = NAMES[at] ?? `Person ${number}`;
    const user = name.split(" ")[0].toLowerCase() + (at < NAMES.length ? "" : number);
    await must(`pbx extension add ${number} --user ${user} --name "${name}" --line ${user}-desk`);
  }
  for (const [user, { name }] of Object.entries(PEOPLE)) {
    await must(`pbx user set ${name} --password ${PASSWORD}`);
    if (user === "admin") await must(`pbx user set ${name} --name "Ada Administrator"`);
  }
  for (const user of ["alice", "bob", "carol", "dave", "eve", "grace"]) await register(`${user}-desk`);
  await leg("carol-desk", "RINGING");
  await leg("dave-desk", "ACTIVE");
};

/** The channel of a person's extension. */
export const channelOf = async (number) => (await ask(`pbx channel show ${number}`)).id;

/** A password that is good for once. */
export const reset = async (name) => (await ask(`pbx user reset ${name}`)).password;
