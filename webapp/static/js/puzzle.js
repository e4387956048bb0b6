// Has the form's puzzle solved while somebody types. Who is quicker waits a moment; without this script the
// server offers to wait instead.
"use strict";

(() => {
  const place = document.querySelector("[data-puzzle-worker]");
  const form = place?.closest("form");
  if (!form) return;
  const solution = form.querySelector("[name=solution]");
  const said = form.querySelector("[data-puzzle-said]");
  let pressed = null;
  const worker = new Worker(place.dataset.puzzleWorker);
  worker.onmessage = (message) => {
    solution.value = message.data;
    worker.terminate();
    if (said) said.hidden = true;
    if (pressed) form.requestSubmit(pressed.submitter);
  };
  worker.onerror = () => { solution.value = "none"; };
  const puzzle = form.querySelector("[name=puzzle]").value;
  worker.postMessage({
    seed: puzzle.slice(puzzle.lastIndexOf(".") + 1),
    pieces: Number(place.dataset.pieces),
    bits: Number(place.dataset.bits),
  });
  // Before the other scripts of the form hear of it.
  form.addEventListener("submit", (event) => {
    if (solution.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = event;
    if (said) said.hidden = false;
  }, { capture: true });
})();
