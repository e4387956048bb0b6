// Buttons that copy what stands in a field. Where there is no clipboard they stay hidden, and the field can
// be copied by hand.
(() => {
  "use strict";
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const words = button.firstChild;
    const before = words.textContent;
    let timer = null;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      await navigator.clipboard.writeText(field.value);
      words.textContent = button.dataset.copied;
      clearTimeout(timer);
      timer = setTimeout(() => { words.textContent = before; }, 2000);
    });
  }
})();
