// Presses made on this page. Each has an id made here and the moment of the finger, waits on this device
// until the server has answered, and is sent again until then: the id makes a repeat harmless.
"use strict";
window.Turnout = window.Turnout || {};

Turnout.presses = (function () {
  const data = JSON.parse(document.getElementById("evening").textContent);
  const form = document.querySelector("form[data-press]");
  const token = document.querySelector("form[data-press] input[name=csrf_token]");
  let sending = false, delay = 1000, timer = null, memory = [];
  const listeners = { state: [], status: [] };

  function read() {
    try { return JSON.parse(localStorage.getItem(data.store) || "[]"); } catch { return memory; }
  }
  function write(list) {
    memory = list;
    try { localStorage.setItem(data.store, JSON.stringify(list)); } catch { /* a private window: memory is all there is */ }
  }
  function tell(kind, ...values) { listeners[kind].forEach((listener) => listener(...values)); }
  function id() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  function drop(press) { write(read().filter((other) => other.press_id !== press.press_id)); }

  // ``ago``: so many minutes before this press it really was.
  function add(act, session_key, expected_key, ago) {
    const press = { press_id: id(), act, session_key, expected_key, pressed: Date.now() - ago * 60000 };
    write([...read(), press]);
    flush();
    return press;
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(flush, delay);
    delay = Math.min(delay * 2, 15000);
  }

  async function flush() {
    if (sending || !form) return;
    const press = read()[0];
    if (!press) return;
    sending = true;
    tell("status", "saving");
    const body = new URLSearchParams({
      press_id: press.press_id, act: press.act, session_key: press.session_key || "",
      expected_key: press.expected_key || "", age: String(Math.max(0, Math.round(Date.now() - press.pressed))),
    });
    const headers = { Accept: "application/json" };
    if (token) headers["X-CSRFToken"] = token.value;
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), 8000);
    try {
      const response = await fetch(form.action, { method: "POST", body, headers, signal: stop.signal, credentials: "same-origin" });
      const json = (response.headers.get("Content-Type") || "").includes("application/json");
      if ((response.ok || response.status === 409) && json) {
        const answer = await response.json();
        drop(press);
        delay = 1000;
        tell("state", answer.state, read());
        tell("status", answer.error ? "said" : answer.outcome === "stale" ? "stale" : "saved", answer.error || answer.said);
      } else if (response.status >= 500 || response.status === 429) {
        tell("status", "offline");
        later();
      } else {
        // Signed out, or the page is older than its protection: the press stays until the page is reloaded.
        tell("status", "reload");
      }
    } catch {
      tell("status", "offline");
      later();
    } finally {
      clearTimeout(limit);
      sending = false;
    }
    if (read().length && delay === 1000) flush();
  }

  addEventListener("online", () => { delay = 1000; flush(); });
  return { data, add, flush, waiting: read, on: (kind, listener) => listeners[kind].push(listener) };
})();
