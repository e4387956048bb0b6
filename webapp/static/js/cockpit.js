// The cockpit's own parts: the running order and the counts follow what happens.
"use strict";
(function () {
  const zone = Turnout.presses.data.state.zone;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const set = (cell, text) => { if (cell && cell.textContent !== text) cell.textContent = text; };
  const about = document.querySelector("select[name=about]"), text = document.querySelector("textarea[name=text]");
  let on = Turnout.presses.data.state.now;

  document.addEventListener("evening", (event) => {
    const state = event.detail;
    state.items.forEach((item) => {
      const row = document.querySelector(`tr[data-item="${CSS.escape(item.key)}"]`);
      if (!row) return;
      set(row.querySelector("[data-cell=started]"), item.started ? clock.format(new Date(item.started)) : item.skipped ? Turnout.presses.data.words.skipped : "");
      row.classList.toggle("skipped", item.skipped);
      if (!item.started) set(row.querySelector("[data-cell=present]"), "");
      row.classList.toggle("on", item.key === state.now);
      if (item.key === state.now) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    });
    // A note that is being written stays with the person it was begun for.
    if (state.now !== on && about && text && !text.value.trim()) {
      const option = [...about.options].find((one) => one.value.startsWith(`${state.now}:`));
      if (option) about.value = option.value;
    }
    on = state.now;
  });

  document.addEventListener("live", (event) => {
    const { figures, present } = event.detail;
    Object.entries(figures).forEach(([name, value]) => set(document.querySelector(`[data-figure="${name}"]`), value));
    Object.entries(present || {}).forEach(([key, value]) =>
      set(document.querySelector(`tr[data-item="${CSS.escape(key)}"] [data-cell=present]`), value));
  });
})();
