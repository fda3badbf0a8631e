// A mailbox: heard, marked, deleted, its PIN. The stand-in leaves messages without a call.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMAIN, becomes, check, equal, must, until } from "../lib/host.mjs";

/** Two seconds of a tone, as mod_voicemail records it: WAV, 8 kHz, 16 bits. */
const tone = () => {
  const samples = 16_000;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8_000, 24);
  bytes.writeUInt32LE(16_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1) {
    bytes.writeInt16LE(Math.round(8_000 * Math.sin((at * 2 * Math.PI * 440) / 8_000)), 44 + at * 2);
  }
  return bytes;
};

const SOUND = tone();
const leave = async (number, caller, name) => {
  const folder = mkdtempSync(join(tmpdir(), "pbx-tone-"));
  const file = join(folder, "tone.wav");
  writeFileSync(file, SOUND);
  await must(`voicemail_inject ${number}@${DOMAIN} ${file} ${caller} ${name}`);
  rmSync(folder, { recursive: true });
};

const go = async (visit) => {
  await visit.goto("/voicemail");
  await visit.page.waitForSelector("section.panel [role=status]");
};
const messages = ({ page }) => page.locator("li.message");
const empty = async (visit) => {
  for (;;) {
    const { page } = visit;
    const left = await page.evaluate(async () => {
      const { csrf } = await (await fetch("/api/me")).json();
      const { mailboxes } = await (await fetch("/api/me/mailboxes")).json();
      const path = `/api/me/mailboxes/${mailboxes[0].channel}/messages`;
      const { messages } = await (await fetch(path)).json();
      for (const { id } of messages) await fetch(`${path}/${id}`, { method: "DELETE", headers: { "X-CSRF-Token": csrf } });
      return messages.length;
    });
    if (left === 0) return;
  }
};

export const states = [
  { name: "empty", as: "alice", open: go },
  {
    name: "messages",
    as: "alice",
    async open(visit) {
      await leave("1001", "1002", "Bob Böhm");
      await leave("1001", "+4930123456", "Mallory McDonald-Featherstonehaugh of the other company");
      await go(visit);
      await until("the messages", async () => (await messages(visit).count()) === 2);
      await visit.page.click("summary");
    },
    close: empty,
  },
  {
    name: "deleting",
    as: "alice",
    async open(visit) {
      await leave("1001", "1002", "Bob Böhm");
      await go(visit);
      await messages(visit).locator("button:has-text('Delete')").click();
      await visit.page.waitForSelector("li.message button.hangup");
    },
    close: empty,
  },
];

export const scenarios = {
  "a message comes by itself, is heard, marked and deleted": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    const { page } = alice;
    await page.click("nav a:text-is('Voicemail')");
    await page.waitForSelector("section.panel [role=status]");
    await leave("1001", "1002", "<b>Bob</b>");
    await until("the message", async () => (await messages(alice).count()) === 1);
    const message = messages(alice).first();
    check((await message.innerText()).includes("<b>Bob</b>"), "the name as it is");
    equal(await message.locator(".tag").count(), 1, "it is new");
    const bytes = await message.locator("audio").evaluate(async (audio) => {
      const whole = await (await fetch(audio.src)).arrayBuffer();
      const part = await fetch(audio.src, { headers: { Range: "bytes=44-143" } });
      return { whole: [...new Uint8Array(whole)], status: part.status, part: (await part.arrayBuffer()).byteLength };
    });
    check(SOUND.equals(Buffer.from(bytes.whole)), "the bytes are those of the file");
    equal([bytes.status, bytes.part], [206, 100], "a part of them");
    const length = await message.locator("audio").evaluate(
      (audio) =>
        new Promise((resolve, reject) => {
          audio.onerror = () => reject(new Error(audio.error.message));
          audio.onended = () => resolve(audio.duration);
          audio.play().catch(reject);
        }),
    );
    equal(length, 2, "seconds of it");
    await until("it to be heard", async () => (await message.locator(".tag").count()) === 0);
    await until("the count", async () => (await page.innerText("section.panel [role=status]")).startsWith("1 message, 0"));
    await message.locator("button:has-text('Mark as new')").click();
    await until("it to be new", async () => (await message.locator(".tag").count()) === 1);
    await message.locator("button:has-text('Delete')").click();
    await becomes("the harmless button has the focus", () => page.evaluate("document.activeElement.innerText"), "Keep it");
    await page.keyboard.press("Enter");
    await message.locator("button.hangup").waitFor({ state: "detached" });
    equal(await messages(alice).count(), 1, "it was kept");
    await message.locator("button:has-text('Delete')").click();
    await message.locator("button.hangup").click();
    await until("it to be gone", async () => (await messages(alice).count()) === 0);
  },

  "a large mailbox comes in pages": async ({ visit }) => {
    for (let at = 0; at < 27; at += 1) await leave("1001", "1002", `Caller ${at}`);
    const alice = await visit({ as: "alice" });
    await go(alice);
    await until("the first page", async () => (await messages(alice).count()) === 25);
    await alice.page.click(".pager button:last-of-type");
    await until("the second page", async () => (await messages(alice).count()) === 2);
    await empty(alice);
    await until("what is left", async () => (await messages(alice).count()) === 0);
  },

  "a PIN is changed, unless it is too easy": async ({ visit }) => {
    const alice = await visit({ as: "alice" });
    alice.expects(422, "/api/me/mailboxes");
    await go(alice);
    const { page } = alice;
    await page.click("summary");
    await page.fill("[name=pin]", "1234");
    await page.click("details button");
    check((await (await page.waitForSelector("details .bad:not(:empty)")).innerText()).includes("easy"), "an easy one");
    await page.fill("[name=pin]", "739104");
    await page.click("details button");
    await page.waitForSelector("details .good:not(:empty)");
  },
};
