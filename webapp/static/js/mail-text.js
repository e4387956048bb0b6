/* Lets the mail beside the editor follow the typing: the same button, pressed when the hand rests. */
(() => {
  const form = document.querySelector("[data-mail-form]");
  const show = form?.querySelector("[data-mail-show]");
  if (!form || !show || !form.requestSubmit) return;
  let waiting;
  const soon = (event) => {
    if (!event.target.name) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(show), 700);
  };
  form.addEventListener("input", soon);
  form.addEventListener("submit", () => clearTimeout(waiting));
})();
