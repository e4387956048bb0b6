// Shows the event's time in the reader's own zone. Without this script the event's zone stands alone.
(() => {
  "use strict";
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // As the server writes dates: plain English has the day before the month.
  const said = document.documentElement.lang;
  const language = said === "en" ? "en-GB" : said;
  // "New York" is what people call it; a zone without a place keeps its name.
  const known = own && own.includes("/") && !own.startsWith("Etc/") ? own.slice(own.lastIndexOf("/") + 1) : own;
  for (const place of document.querySelectorAll("[data-local]")) {
    const start = new Date(place.dataset.start);
    const end = new Date(place.dataset.end);
    const clock = (moment, zone) =>
      new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short", hourCycle: "h23", timeZone: zone }).format(moment);
    if (!own || clock(start, own) === clock(start, place.dataset.zone)) continue;
    const day = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: own };
    const format = new Intl.DateTimeFormat(language, day);
    const period = format.formatRange ? format.formatRange(start, end) : format.format(start);
    place.textContent = place.dataset.text.replace("{period}", period).replace("{zone}", known.replaceAll("_", " "));
    place.hidden = false;
    place.insertAdjacentElement("beforebegin", document.createElement("br"));
  }
})();
