// The room: says that this page is there, shows what is on, and says goodbye.
(() => {
  "use strict";
  const room = document.getElementById("room");
  const show = (id, text) => {
    const place = document.getElementById(id);
    if (place && text != null && place.textContent !== text) place.textContent = text;
  };
  // One connection for each tab. The first one is the visit that pressing the button made.
  let connection = sessionStorage.getItem("connection:" + room.dataset.pulse);
  if (!connection) {
    connection = room.dataset.connection || Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem("connection:" + room.dataset.pulse, connection);
  }
  for (const field of document.querySelectorAll("input[name=connection]")) field.value = connection;

  const told = (said) => {
    if (said.offline) return;
    if (said.now) { show("now", said.now.heading); show("now-title", said.now.title); }
    document.getElementById("next-line").hidden = !said.next;
    if (said.next) show("next", said.next.heading);
    const announcement = document.getElementById("announcement");
    show("announcement", said.announcement || "");
    announcement.hidden = !said.announcement;
    document.getElementById("ended").hidden = !said.ended;
    document.getElementById("leave").hidden = said.ended;
  };
  const address = new URL(room.dataset.pulse, location).href;
  const worker = new Worker(room.dataset.worker);
  worker.onmessage = (message) => told(message.data);
  worker.postMessage({ address, connection, seconds: Number(room.dataset.seconds) });
  addEventListener("pagehide", (event) => {
    // A page kept for the back button is not gone; its next beat would only open a second visit.
    if (event.persisted) return;
    navigator.sendBeacon(room.dataset.leave, new URLSearchParams({ connection }));
  });
})();
