// A double of the switch behind a page's websocket, for what the page shows of calls: it takes every login and does as
// scenarios say. What a real switch does with calls is proved in tests/switch.
import { randomUUID } from "node:crypto";
import { until } from "./host.mjs";

/** The other end of a call's sound, in a tab of its own: an answer to the page's offer. */
const answerTo = async (offer) => {
  const far = new RTCPeerConnection();
  (window.far ??= []).push(far);
  await far.setRemoteDescription({ type: "offer", sdp: offer });
  await far.setLocalDescription(await far.createAnswer());
  return far.localDescription.sdp;
};

/** An offer of the other end. */
const offer = async () => {
  const far = new RTCPeerConnection();
  (window.far ??= []).push(far);
  far.addTransceiver("audio");
  await far.setLocalDescription(await far.createOffer());
  return far.localDescription.sdp;
};

export class Switch {
  /** What the page asked for, oldest first. */
  asked = [];
  /** By the name of a method and perhaps its action, as in `verto.modify transfer`: the error that it is answered with. */
  refuses = {};
  #context;
  #far;
  #socket;
  #serial = 0;

  /** Behind all tabs of a visit that are opened from now on. */
  static async behind({ context }) {
    const made = new Switch();
    made.#context = context;
    await context.routeWebSocket(/\/verto$/, (socket) => {
      made.#socket = socket;
      socket.onMessage((text) => made.#heard(JSON.parse(text)));
    });
    return made;
  }

  /** What was asked by this method. */
  params(method) {
    return this.asked.filter((one) => one.method === method).map((one) => one.params);
  }

  /** Somebody calls; the answer is the call's id. */
  async rings(name, number) {
    const callID = randomUUID();
    const sdp = await (await this.#end()).evaluate(offer);
    this.#ask("verto.invite", { callID, sdp, caller_id_name: name, caller_id_number: number });
    return callID;
  }

  /** Who was called last answers. */
  async answers() {
    const asked = await until("a call", () => this.params("verto.invite").at(-1));
    const sdp = await (await this.#end()).evaluate(answerTo, asked.sdp);
    this.#ask("verto.answer", { callID: asked.dialogParams.callID, sdp });
    return asked.dialogParams.callID;
  }

  ends(callID, cause = "NORMAL_CLEARING") {
    this.#ask("verto.bye", { callID, cause });
  }

  async #end() {
    this.#far ??= await this.#context.newPage();
    return this.#far;
  }

  #ask(method, params) {
    this.#send({ id: ++this.#serial, method, params });
  }

  #send(message) {
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  #heard(message) {
    const { id, method, params } = message;
    // An answer to a question of ours.
    if (!method) return;
    this.asked.push(message);
    const error = this.refuses[`${method} ${params?.action ?? ""}`.trim()];
    if (error) return this.#send({ id, error });
    const holdState = { hold: "held", unhold: "active" }[params?.action];
    this.#send({ id, result: { sessid: params?.sessid, ...(holdState && { holdState }) } });
    if (method === "login") this.#ask("verto.clientReady", { reattached_sessions: [] });
  }
}
