// The countdown at the door. An armed page sends its form when the event starts.
(() => {
  "use strict";
  const place = document.getElementById("countdown");
  const spoken = document.getElementById("spoken");
  const form = document.getElementById("enter");
  const text = place.dataset;
  const begin = performance.now() + Number(text.seconds) * 1000;
  const said = new Set();
  const fill = (pattern, values) => pattern.replace(/\{(\w)\}/g, (_, name) => values[name]);
  let sent = false;

  const tick = () => {
    const left = Math.max(0, Math.ceil((begin - performance.now()) / 1000));
    const values = { d: Math.floor(left / 86400), h: Math.floor((left % 86400) / 3600), m: Math.floor((left % 3600) / 60), s: left % 60 };
    const pattern = left >= 86400 ? text.days : left >= 3600 ? text.hours : text.minutes;
    place.textContent = left ? fill(pattern, values) : text.now;
    for (const minutes of [10, 5, 1]) {
      if (left <= minutes * 60 && left > (minutes - 1) * 60 && !said.has(minutes)) {
        said.add(minutes);
        spoken.textContent = fill(text.say, { m: Math.ceil(left / 60) });
      }
    }
    if (!left && text.armed === "yes" && !sent) {
      sent = true;
      // Not all in the same second: a thousand pages are armed.
      setTimeout(() => form.submit(), Math.random() * 3000);
    } else if (!left && !sent) {
      sent = true;
      setTimeout(() => location.reload(), 1000);
    }
  };
  tick();
  setInterval(tick, 500);
})();
