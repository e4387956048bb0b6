// What is being done with many people, seen every two seconds until it is through. Without this script there
// is a link that looks again.
"use strict";
(function () {
  async function look() {
    const place = document.getElementById("progress");
    if (!("running" in place.dataset)) return;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("progress");
        // Whoever is about to press a button keeps it.
        if (fresh && (!place.contains(document.activeElement) || !("running" in fresh.dataset))) place.replaceWith(fresh);
      }
    } catch { /* the next turn tries again */ }
    setTimeout(look, 2000);
  }

  setTimeout(look, 1000);
})();
