// The counts follow what happens, every five seconds while somebody looks. Without this script the board
// is a snapshot that says of when it is.
"use strict";
(function () {
  const address = document.querySelector("[data-live]").dataset.live;

  async function poll() {
    if (document.hidden) return;
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!response.ok) return;
      const { figures } = await response.json();
      Object.entries(figures).forEach(([name, value]) => {
        const place = document.querySelector(`[data-figure="${name}"]`);
        if (place && place.textContent !== value) place.textContent = value;
      });
    } catch { /* the next turn tries again */ }
  }

  setInterval(poll, 5000);
  document.addEventListener("visibilitychange", poll);
})();
