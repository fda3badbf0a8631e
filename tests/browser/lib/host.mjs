// The stand-in host: its commands, and phones that it is told of (it has none).
import { connect } from "node:net";

const { PBX_SOCKET } = process.env;
export const origin = process.env.PBX_ORIGIN;
export const DOMAIN = "pbx.test";

/** Runs a command as fs_cli does. */
export const cli = (command) =>
  new Promise((resolve, reject) => {
    const socket = connect(PBX_SOCKET);
    let said = "";
    socket.setEncoding("utf8");
    socket.on("data", (text) => (said += text));
    socket.on("end", () => resolve(said));
    socket.on("error", reject);
    socket.end(command);
  });

/** One that must succeed. */
export const must = async (command) => {
  const said = await cli(command);
  if (said.startsWith("-")) throw new Error(`${command}: ${said}`);
  return said;
};

export const ask = async (command) => JSON.parse(await must(`${command} json`));

/** A phone of a line registers (mod_sofia's event, as the module hears it). */
export const register = (line) =>
  must(
    `fire CUSTOM sofia::register profile-name=internal from-user=${line} from-host=${DOMAIN} call-id=phone-of-${line} ` +
      `contact=<sip:${line}@127.0.0.1:5070> expires=3600 network-ip=127.0.0.1 network-port=5070 user-agent=Phone/1.0`,
  );

export const unregister = (line) =>
  must(
    `fire CUSTOM sofia::unregister profile-name=internal from-user=${line} from-host=${DOMAIN} ` +
      `call-id=phone-of-${line} contact=<sip:${line}@127.0.0.1:5070>`,
  );

/** A leg towards a line's phone: RINGING, ACTIVE, HELD or HANGUP. */
export const leg = (line, state) =>
  must(
    `fire CHANNEL_CALLSTATE Unique-ID=leg-to-${line} Call-Direction=outbound Channel-Call-State=${state} ` +
      `Channel-Presence-Data=${line}@${DOMAIN}`,
  );

/** So long, in seconds, what should be there in a moment is waited for: on a slow machine a moment is long. */
export const LONG = 60;

/** Asks until there is an answer; fails after `seconds`. */
export const until = async (what, holds, seconds = LONG) => {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};

/** Asks until the answer is the one that is wanted; a failure says what it was instead. */
export const becomes = async (what, ask, wanted, seconds = LONG) => {
  let got;
  const is = async () => JSON.stringify((got = await ask())) === JSON.stringify(wanted);
  await until(what, is, seconds).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`);
  });
};

export const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

export const equal = (got, wanted, what = "") => {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} is not ${b}`);
};

/** Somebody calls an extension, and it is over; they speak for so many seconds. The switch says when things happen. */
export const called = async (id, from, to, { answered = true, name = "", seconds = 0 } = {}) => {
  const [a, b] = [`${id}-a`, `${id}-b`];
  const who = /^\d{4}$/.test(from) ? `Channel-Presence-Data=${from}@${DOMAIN}` : `Caller-Caller-ID-Number=${from}`;
  const called = name ? ` Caller-Caller-ID-Name=${name}` : "";
  await must(`fire CHANNEL_CREATE Unique-ID=${a} Call-Direction=inbound ${who} Caller-Destination-Number=${to}${called}`);
  await must(`fire CHANNEL_CREATE Unique-ID=${b} Call-Direction=outbound Channel-Presence-Data=${to}@${DOMAIN} Channel-Call-UUID=${a}`);
  if (answered) {
    for (const leg of [b, a]) await must(`fire CHANNEL_ANSWER Unique-ID=${leg}`);
    await must(`fire CHANNEL_BRIDGE Unique-ID=${a} Bridge-A-Unique-ID=${a} Bridge-B-Unique-ID=${b}`);
    // What is spoken is counted in whole seconds.
    if (seconds) await new Promise((done) => setTimeout(done, seconds * 1000 + 100));
  }
  const cause = answered ? "NORMAL_CLEARING" : "NO_ANSWER";
  for (const leg of [b, a]) await must(`fire CHANNEL_HANGUP_COMPLETE Unique-ID=${leg} Hangup-Cause=${cause}`);
};
