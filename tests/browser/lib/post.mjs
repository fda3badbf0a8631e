// A mail server of a test's own, and messages that people are to be told of.
import { createServer } from "node:net";
import { DOMAIN, must } from "./host.mjs";

export class MailServer {
  /** What it says of whom a mail is to. */
  says = "250 2.1.5 fine";
  /** The mails that it took, and how often it was asked to take one. */
  taken = [];
  asked = 0;
  #server;

  /** One that the PBX sends its mail to. */
  static async start() {
    const made = new MailServer();
    made.#server = createServer((socket) => made.#serve(socket));
    await new Promise((ready) => made.#server.listen(0, "127.0.0.1", ready));
    await must("pbx setting set smtp-tls none");
    await must(`pbx setting set smtp-port ${made.#server.address().port}`);
    await must("pbx setting set smtp-host 127.0.0.1");
    return made;
  }

  async stop() {
    for (const name of ["smtp-host", "smtp-port", "smtp-tls"]) await must(`pbx setting delete ${name}`);
    this.#server.close();
  }

  #serve(socket) {
    let said = "";
    let letter = null;
    const say = (line) => socket.write(`${line}\r\n`);
    const hear = (line) => {
      if (letter && line === ".") {
        this.taken.push(letter.join("\n"));
        letter = null;
        return say("250 2.0.0 taken");
      }
      if (letter) return letter.push(line);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "RCPT") {
        this.asked += 1;
        return say(this.says);
      }
      if (verb === "DATA") letter = [];
      say({ DATA: "354 go on", QUIT: "221 2.0.0 bye" }[verb] ?? "250 2.0.0 ok");
      if (verb === "QUIT") socket.end();
    };
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    socket.on("data", (text) => {
      said += text;
      for (let end = said.indexOf("\r\n"); end >= 0; end = said.indexOf("\r\n")) {
        const line = said.slice(0, end);
        said = said.slice(end + 2);
        hear(line);
      }
    });
    say("220 mail.test ready");
  }
}

/** A message was left, as mod_voicemail tells; there is no recording to attach. */
export const told = (id, number, caller) =>
  must(
    `fire CUSTOM vm::maintenance VM-Action=leave-message VM-User=${number} VM-Domain=${DOMAIN} ` +
      `VM-Caller-ID-Name=${caller} VM-Caller-ID-Number=1002 VM-File-Path=/nowhere/${id}.wav VM-Message-Len=3`,
  );
