// Beside each field for a day and a time: the same in words. Browsers write such a field as their own
// language does, and an American one puts the month first: 04/06 is a day in April there, and in June elsewhere.
(() => {
  "use strict";
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short", hourCycle: "h23", timeZone: "UTC" });
  for (const field of document.querySelectorAll("input[type=datetime-local]")) {
    const said = document.createElement("p");
    said.className = "help";
    said.id = `${field.id}-said`;
    field.after(said);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${said.id}`.trim());
    // The clock of the event's own zone: only put into words, never moved.
    const say = () => {
      const moment = new Date(`${field.value}Z`);
      said.hidden = Number.isNaN(moment.getTime());
      if (!said.hidden) said.textContent = format.format(moment);
    };
    field.addEventListener("input", say);
    say();
  }
})();
