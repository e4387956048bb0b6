// Makes the form shorter where a question does not apply, and a second press harmless. Works without.
"use strict";

(() => {
  const form = document.querySelector("form[data-signup]");
  if (!form) return;
  const conditional = [...form.querySelectorAll("[data-show-key]")];

  const answersTo = (name) =>
    [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
      .filter((field) => !field.closest("[hidden]"))
      .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
      .map((field) => field.value.trim());

  const show = () => {
    for (const part of conditional) {
      part.hidden = !answersTo(part.dataset.showKey).includes(part.dataset.showEquals);
    }
  };
  for (const hint of form.querySelectorAll(".hint")) hint.hidden = true;
  form.addEventListener("input", show);
  show();

  // Nothing can be sent from an organiser's preview.
  if ("preview" in form.dataset) return;
  const button = form.querySelector("button");
  form.addEventListener("submit", () => { button.disabled = true; });
  // The browser's Back may bring the page back as it was left.
  window.addEventListener("pageshow", () => { button.disabled = false; });
})();
