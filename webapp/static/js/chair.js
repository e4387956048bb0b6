// Draws who speaks and who is next, from what the server said plus what still waits on this device, and
// turns the buttons into presses. Without this script the same buttons are plain forms.
"use strict";
(function () {
  const { presses } = Turnout;
  const words = presses.data.words;
  // A finger that taps twice must not skip somebody: Next rests after its name has changed, every other
  // button after its own press. Back right after Next is no second tap.
  const REST = 1500;
  const pressed = new WeakMap();
  const rests = (form) => Date.now() < (form.dataset.slot === "next" ? restUntil : (pressed.get(form) || 0) + REST);
  let shown = presses.data.state, server = shown, offset = 0, restUntil = 0, label = null;
  const slot = (name) => document.querySelector(`[data-slot="${name}"]`);
  const put = (name, text) => { const e = slot(name); if (e && e.textContent !== text) e.textContent = text; };
  const show = (name, visible) => { const e = slot(name); if (e) e.hidden = !visible; };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const item = (state, key) => state.items.find((one) => one.key === key) || null;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: presses.data.state.zone });
  const time = (ms) => clock.format(new Date(ms));

  function nextOf(state) {
    const place = state.items.findIndex((one) => one.key === state.now);
    return (state.items.slice(place + 1).find((one) => !one.started && !one.skipped) || {}).key || null;
  }

  // The same rule as on the server, for what has not reached it yet.
  function apply(state, press) {
    const skips = press.act === "skip" || press.act === "unskip";
    if (!skips && (press.expected_key || null) !== state.now) return state;
    const next = JSON.parse(JSON.stringify(state));
    const on = item(next, next.now), named = item(next, press.session_key);
    const at = Math.max(press.pressed + offset, on ? on.started + 1 : 0);
    if (skips) {
      if (!named || named.started || next.ended) return state;
      named.skipped = press.act === "skip";
    } else if (press.act === "start") {
      const starts = named;
      if (!starts || starts.started || starts.skipped || next.ended) return state;
      if (on) on.ended = at;
      starts.started = at;
      starts.late = "";
      next.now = starts.key;
    } else if (press.act === "back" && on) {
      const before = next.items.find((one) => one.ended === on.started);
      on.started = on.ended = null;
      if (before) before.ended = null;
      next.now = before ? before.key : null;
    } else if (press.act === "end" && !next.ended) {
      if (on) on.ended = at;
      next.now = null;
      next.ended = next.undo = true;
    }
    next.next = nextOf(next);
    return next;
  }

  function draw() {
    const state = shown, on = item(state, state.now), next = item(state, state.next);
    const open = !state.ended && (state.phase === "before" || state.phase === "live");
    const first = on || (state.ended ? null : next);
    const place = on ? state.items.indexOf(on) + 1 : 0;
    put("status", state.status);
    put("forecast", state.forecast);
    if (on) put("kicker", fill(words.kicker, { place, count: state.items.length }));
    else if (state.ended) put("kicker", words.over_now);
    else if (next) put("kicker", words.first);
    if (first) {
      put("name", first.heading);
      put("say", first.say);
      put("about", first.about);
      put("introduction", first.introduction);
    }
    if (!first && state.ended) { put("name", words.thanks); put("say", ""); put("about", ""); put("introduction", ""); }
    put("started", on ? [fill(words.started, { time: time(on.started) }), on.late].filter(Boolean).join(", ") + "." : "");
    put("next-about", on && next ? [next.say, next.about].filter(Boolean).join(" · ") : "");
    const text = next ? fill(on ? words.next : words.start, { name: next.heading }) : "";
    if (label !== null && text !== label) restUntil = Date.now() + REST;
    label = text;
    put("next-label", text);
    put("late-label", next ? fill(words.then, { name: next.heading }) : "");
    put("skip-label", next ? fill(words.skips, { name: next.heading }) : "");
    show("late", open && Boolean(next));
    show("skip-next", open && Boolean(next));
    show("next", open && Boolean(next));
    show("last", open && Boolean(on) && !next);
    show("back", open && Boolean(on));
    show("skip", open);
    show("end", open && (state.phase === "live" || Boolean(on)));
    show("undo", state.undo);
    document.querySelectorAll("form[data-press]").forEach((form) => {
      form.elements.expected_key.value = state.now || "";
      if (form.dataset.slot === "next" || "follows" in form.dataset) form.elements.session_key.value = state.next || "";
      const row = form.dataset.rowAct, one = row && item(state, form.elements.session_key.value);
      if (row) form.hidden = !open || !one || (row === "skip" ? Boolean(one.started) || one.skipped : !one.skipped);
    });
    document.querySelectorAll(".unskips li").forEach((line) => { line.hidden = !(item(state, line.dataset.item) || {}).skipped; });
    document.querySelectorAll("#skip-to option").forEach((option) => {
      const one = item(state, option.value);
      option.hidden = option.disabled = !one || Boolean(one.started) || one.skipped;
    });
    tick();
    document.dispatchEvent(new CustomEvent("evening", { detail: state }));
  }

  function tick() {
    const button = slot("next-label"), on = item(shown, shown.now), left = slot("left");
    if (button) button.setAttribute("aria-disabled", String(Date.now() < restUntil));
    if (!left) return;
    if (!on) { left.textContent = ""; left.classList.remove("over"); return; }
    const seconds = on.minutes * 60 - Math.floor((Date.now() + offset - on.started) / 1000);
    const whole = Math.abs(seconds);
    const text = `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
    left.textContent = fill(seconds >= 0 ? words.left : words.over, { time: text });
    left.classList.toggle("over", seconds < 0);
  }

  function take(state) {
    server = state;
    offset = state.at - Date.now();
    shown = presses.waiting().reduce(apply, state);
    draw();
  }

  presses.on("state", take);
  presses.on("status", (kind, text) => {
    const place = slot("sent"), n = presses.waiting().length;
    place.classList.toggle("waiting", kind === "offline" || kind === "reload");
    place.textContent = kind === "said" ? text : kind === "saved" && n ? words.saving : fill(words[kind], { n });
  });

  document.querySelectorAll("form[data-press]").forEach((form) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (rests(form)) return;
    pressed.set(form, Date.now());
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const press = presses.add(value("act"), value("session_key"), value("expected_key"), Math.max(0, Number(value("ago")) || 0));
    const details = form.closest("details");
    if (details) details.open = false;
    shown = apply(shown, press);
    restUntil = Date.now() + REST;
    draw();
  }));

  async function poll() {
    if (document.hidden) return;
    try {
      const address = new URL(presses.data.live, location.href);
      address.searchParams.set("known", server.now || "");
      const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!response.ok) return;
      const answer = await response.json();
      take(answer.state);
      document.dispatchEvent(new CustomEvent("live", { detail: answer }));
      if (presses.waiting().length) presses.flush();
    } catch { /* the next turn tries again; presses wait on this device */ }
  }

  take(server);
  presses.flush();
  setInterval(tick, 500);
  setInterval(poll, 5000);
  document.addEventListener("visibilitychange", poll);
})();
