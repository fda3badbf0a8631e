// A browser client as small as one can be, for tests: the softphone's part of signing in, sessions, verto and
// WebRTC, with every number that a test asks for. Runs in the page of the PBX, so cookie, CSRF and origin are real.
window.startClient = async ({ channel, session }) => {
  const me = await (await fetch("/api/me")).json();
  const sessionId = session ?? crypto.randomUUID();
  const answer = await fetch(`/extensions/${channel}/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": me.csrf },
    body: JSON.stringify({ sessionId }),
  });
  if (answer.status !== 201) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  const issued = await answer.json();
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const client = { sessionId, calls: new Map(), heard: [], punted: false, reconnects: 0 };
  let socket;
  let number = 0;
  const waiting = new Map();

  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      const id = `ask-${++number}`;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });

  const gathered = (pc) =>
    new Promise((resolve) => {
      if (pc.iceGatheringState === "complete") resolve();
      pc.onicecandidate = ({ candidate }) => candidate || resolve();
      setTimeout(resolve, 1000);
    });

  const connection = (call) => {
    call.pc?.close();
    const pc = new RTCPeerConnection({ iceServers: issued.iceServers });
    call.pc = pc;
    for (const track of microphone.getTracks()) pc.addTrack(track, microphone);
    pc.ontrack = ({ track }) => {
      const audio = document.createElement("audio");
      audio.srcObject = new MediaStream([track]);
      audio.autoplay = true;
      document.body.append(audio);
    };
    return pc;
  };

  const answerWith = async (call, sdp) => {
    const pc = connection(call);
    await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    await gathered(pc);
    return pc.localDescription.sdp;
  };

  const take = async ({ method, params }) => {
    client.heard.push(method);
    const call = client.calls.get(params?.callID);
    switch (method) {
      case "verto.invite":
        client.calls.set(params.callID, { id: params.callID, state: "ringing", offer: params.sdp, from: params.caller_id_number });
        break;
      case "verto.media":
      case "verto.answer":
        if (params.sdp) await call.pc.setRemoteDescription({ type: "answer", sdp: params.sdp });
        if (method === "verto.answer") call.state = "active";
        break;
      case "verto.attach": {
        const known = call ?? { id: params.callID };
        client.calls.set(params.callID, known);
        const sdp = await answerWith(known, params.sdp);
        await ask("verto.attach", { sdp, dialogParams: { callID: params.callID } });
        known.state = "active";
        break;
      }
      case "verto.bye":
        if (call) {
          call.state = "ended";
          call.pc?.close();
        }
        break;
      case "verto.punt":
        client.punted = true;
        break;
    }
  };

  const connect = () =>
    new Promise((resolve, reject) => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      socket = new WebSocket(`${scheme}://${location.host}${issued.wsPath}`);
      socket.onerror = () => reject(new Error("no socket"));
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.method) {
          take(message).catch((error) => client.heard.push(`failed: ${message.method} ${error}`));
        } else {
          const { resolve, reject } = waiting.get(message.id) ?? {};
          waiting.delete(message.id);
          if (message.error) reject?.(new Error(JSON.stringify(message.error)));
          else resolve?.(message.result);
        }
      };
      socket.onopen = () => {
        const { clientId: login, password: passwd } = issued;
        ask("login", { login, passwd, sessid: sessionId }).then(resolve, reject);
      };
    });

  // As the softphone will: again after 300 ms, unless punted.
  const stay = () => {
    socket.onclose = async () => {
      client.closedAt = performance.now();
      while (!client.punted) {
        await new Promise((done) => setTimeout(done, 300));
        try {
          await connect();
          client.reconnects += 1;
          stay();
          return;
        } catch {
          // The server is not there yet.
        }
      }
    };
  };

  await connect();
  stay();

  client.call = async (destination) => {
    const call = { id: crypto.randomUUID(), state: "trying" };
    client.calls.set(call.id, call);
    const pc = connection(call);
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const dialogParams = { callID: call.id, destination_number: destination };
    await ask("verto.invite", { sdp: pc.localDescription.sdp, dialogParams });
    return call.id;
  };
  client.pickUp = async () => {
    const call = [...client.calls.values()].find(({ state }) => state === "ringing");
    const sdp = await answerWith(call, call.offer);
    await ask("verto.answer", { sdp, dialogParams: { callID: call.id } });
    call.state = "active";
    return call.id;
  };
  client.hangUp = (id) => ask("verto.bye", { dialogParams: { callID: id } });
  client.states = () => [...client.calls.values()].map(({ state }) => state);
  // Packets both ways, and the energy of what was heard (RTCInboundRtpStreamStats.totalAudioEnergy).
  client.sound = async (id) => {
    const sound = { sent: 0, received: 0, energy: 0 };
    for (const report of (await client.calls.get(id).pc.getStats()).values()) {
      if (report.type === "outbound-rtp") sound.sent += report.packetsSent;
      if (report.type === "inbound-rtp") {
        sound.received += report.packetsReceived;
        sound.energy += report.totalAudioEnergy ?? 0;
      }
    }
    return sound;
  };
  // For whoever looks into a failure.
  client.report = async () => {
    const calls = [...client.calls.values()];
    const sounds = await Promise.all(calls.map(({ id, pc }) => pc && client.sound(id)));
    const states = calls.map(({ pc }) => pc && [pc.iceConnectionState, pc.connectionState]);
    return JSON.stringify({ heard: client.heard, calls: client.states(), states, sounds });
  };
  window.client = client;
  return sessionId;
};
