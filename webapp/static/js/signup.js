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
      // What was shown here is not asked again by the server.
      part.querySelector('[name="asked"]').disabled = part.hidden;
    }
  };
  for (const hint of form.querySelectorAll(".hint")) hint.hidden = true;
  form.addEventListener("input", show);
  show();

  // A slip in a well-known domain is said at once. The server asks as well, so nothing hangs on this.
  const email = form.querySelector("[data-domains]");
  const slip = form.querySelector("[data-slip]");
  const isOneSlip = (typed, meant) => {
    let start = 0;
    while (start < typed.length && start < meant.length && typed[start] === meant[start]) start += 1;
    const rest = typed.slice(start);
    const wanted = meant.slice(start);
    if (rest.length === wanted.length) {
      const swapped = rest.length > 1 && rest[1] + rest[0] === wanted.slice(0, 2);
      return rest.slice(1) === wanted.slice(1) || (swapped && rest.slice(2) === wanted.slice(2));
    }
    const [shorter, longer] = rest.length < wanted.length ? [rest, wanted] : [wanted, rest];
    return longer.length - shorter.length === 1 && longer.slice(1) === shorter;
  };
  const look = () => {
    slip.hidden = true;
    slip.textContent = "";
    const at = email.value.trim().lastIndexOf("@");
    const typed = email.value.trim().slice(at + 1).toLowerCase();
    const { domains, real } = email.dataset;
    const known = domains.split(" ");
    if (at < 1 || typed.length < 6 || known.includes(typed) || real.split(" ").includes(typed)) return;
    const meant = known.find((domain) => domain.length > 6 && isOneSlip(typed, domain));
    if (!meant) return;
    const address = email.value.trim().slice(0, at + 1) + meant;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = slip.dataset.button;
    button.addEventListener("click", () => { email.value = address; slip.hidden = true; email.focus(); });
    slip.append(slip.dataset.text.replace("{address}", address), button);
    slip.hidden = false;
  };
  if (email && slip) email.addEventListener("change", look);

  // For the times in this person's mails.
  const zone = form.querySelector("[data-zone-of-browser]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

  // Nothing can be sent from an organiser's preview.
  if ("preview" in form.dataset) return;
  const button = form.querySelector(".act > button");
  form.addEventListener("submit", () => { button.disabled = true; });
  // The browser's Back may bring the page back as it was left.
  window.addEventListener("pageshow", () => { button.disabled = false; });
})();
