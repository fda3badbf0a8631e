// Signing in, and seeing that one is. The token that proves a request to be ours is kept in this variable alone;
// the session's cookie no script can read.
let csrf = "";

const at = (id) => document.getElementById(id);

const say = (text, error = false) => {
  at("message").textContent = text;
  at("message").classList.toggle("error", error);
};

const ask = async (method, path, body) => {
  const headers = { Accept: "application/json" };
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const data = text ? JSON.parse(text) : {};
  if (!response.ok) throw Object.assign(new Error(data.detail ?? data.title), { status: response.status });
  return data;
};

const show = async (me) => {
  csrf = me?.csrf ?? "";
  const must = Boolean(me?.must_change_password);
  at("sign-in").hidden = Boolean(me);
  at("password").hidden = !me;
  at("must").hidden = !must;
  at("signed-in").hidden = !me || must;
  if (!me) {
    at("sign-in").elements.name.focus();
    return;
  }
  at("who").textContent = me.user.name;
  at("role").textContent = me.user.role;
  at("password").elements.name.value = me.user.name;
  const { sessions } = await ask("GET", "/api/sessions");
  const line = (session) => {
    const item = document.createElement("li");
    const seen = new Date(session.seen).toLocaleString();
    item.textContent = session.this ? `this browser, ${session.address}` : `${session.address}, last used ${seen}`;
    item.title = session.browser;
    return item;
  };
  at("sessions").replaceChildren(...sessions.map(line));
};

// Runs what a form or button does, once at a time.
const on = (id, event, work) =>
  at(id).addEventListener(event, async (fired) => {
    fired.preventDefault();
    const button = fired.submitter ?? fired.currentTarget;
    button.disabled = true;
    say("");
    try {
      await work(at(id));
    } catch (error) {
      say(error.message || "The PBX cannot be reached.", true);
    } finally {
      button.disabled = false;
    }
  });

on("sign-in", "submit", async (form) => {
  const { name, password } = form.elements;
  const me = await ask("POST", "/api/sign-in", { name: name.value, password: password.value });
  form.reset();
  await show(me);
});

on("password", "submit", async (form) => {
  const { current, again } = form.elements;
  const chosen = form.elements.new;
  if (chosen.value !== again.value) throw new Error("The two new passwords differ.");
  const me = await ask("POST", "/api/password", { current: current.value, new: chosen.value });
  form.reset();
  await show(me);
  say("The password is changed. Everywhere else you are signed out.");
});

on("sign-out", "click", async () => {
  await ask("POST", "/api/sign-out");
  await show();
});

on("sign-out-everywhere", "click", async () => {
  await ask("DELETE", "/api/sessions");
  await show();
});

try {
  await show(await ask("GET", "/api/me"));
} catch (error) {
  await show();
  if (error.status !== 401) say("The PBX cannot be reached.", true);
}
