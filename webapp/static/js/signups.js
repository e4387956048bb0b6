// Ticking all on the page, and how many are ticked. Without this script each is ticked by itself.
"use strict";
(function () {
  const words = document.querySelector("[data-tick-all]");
  const all = words && words.querySelector("input");
  const number = document.querySelector("[data-ticked]");
  const boxes = [...document.querySelectorAll("input[name=pick]")];
  if (!all || !boxes.length) return;

  function count() {
    const ticked = boxes.filter((box) => box.checked).length;
    if (number) number.textContent = ticked || "";
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  words.hidden = false;
  all.addEventListener("change", () => {
    boxes.forEach((box) => { box.checked = all.checked; });
    count();
  });
  boxes.forEach((box) => box.addEventListener("change", count));
  count();
})();
