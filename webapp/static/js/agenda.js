// Puts the agenda into order by drag, by the arrow keys and by the buttons, and shows at once what that and
// other minutes do to the start times. All of it is sent to where the form without scripts goes as well.
"use strict";

(() => {
  const main = document.getElementById("main");
  let saving = false;
  let again = false;

  const form = () => document.getElementById("arrange");
  const content = () => new URLSearchParams(new FormData(form())).toString();
  const say = (words) => { form().querySelector("[data-said]").textContent = words; };

  // Start times follow from the minutes before them.
  const cascade = () => {
    const { start, zone } = form().dataset;
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
    let at = Date.parse(start);
    for (const item of form().querySelectorAll("[data-key]")) {
      item.querySelector(".agenda-time b").textContent = clock.format(at);
      at += 60000 * (parseInt(item.querySelector("[name^=minutes-]").value, 10) || 0);
    }
    document.querySelector("[data-ends]").textContent = clock.format(at);
  };

  // What had the focus has it again; a button at the edge of the list hands it to its neighbour.
  const focus = (id) => {
    const there = id && document.getElementById(id);
    if (!there) return;
    (there.disabled ? there.parentElement.querySelector("[name=to]:not([disabled])") || there : there).focus();
  };

  const show = (page) => {
    const id = document.activeElement?.id;
    main.replaceChildren(...page.getElementById("main").childNodes);
    begin();
    focus(id);
  };

  const save = async () => {
    if (saving) {
      again = true;
      return;
    }
    saving = true;
    again = false;
    const sent = content();
    say(form().dataset.saving);
    try {
      const answer = await fetch(form().action, { method: "POST", body: new URLSearchParams(sent), credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("arrange");
      // Signed out meanwhile, or an error page: the plain form shows it as it is.
      if (!fresh) throw new Error(`${answer.status}`);
      if (content() === sent || !answer.ok) {
        const told = [...page.querySelectorAll("#main > .note[role]")].map((note) => note.textContent.trim()).join(" ");
        show(page);
        say(told || form().dataset.saved);
      } else {
        // Somebody went on typing or moving: only what the next save must know is taken over.
        form().elements.revision.value = fresh.elements.revision.value;
        say(form().dataset.saved);
      }
    } catch {
      again = false;
      say(form().dataset.lost);
    } finally {
      saving = false;
    }
    if (again) save();
  };

  const took = (item) => { form().elements.moved.value = item.dataset.key; };

  const move = (item, down) => {
    const other = down ? item.nextElementSibling : item.previousElementSibling;
    if (!other) return;
    took(item);
    const id = document.activeElement?.id;
    if (down) item.before(other);
    else item.after(other);
    focus(id);
    cascade();
    save();
  };

  function begin() {
    const list = document.querySelector("[data-agenda]");
    if (!list) return;
    for (const item of list.children) {
      const grip = item.querySelector(".grip");
      grip.hidden = false;
      let before = "";
      grip.addEventListener("pointerdown", () => {
        took(item);
        before = content();
      });
      window.dragRow(item, grip, { moved: cascade, dropped: () => { if (content() !== before) save(); } });
      grip.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        move(item, event.key === "ArrowDown");
      });
    }
    form().addEventListener("input", cascade);
    form().addEventListener("change", save);
    form().addEventListener("submit", (event) => {
      const pressed = event.submitter;
      if (pressed?.hasAttribute("formaction")) return;
      event.preventDefault();
      if (pressed?.name === "to") move(pressed.closest("[data-key]"), pressed.value.startsWith("down:"));
      else save();
    });
  }

  begin();
  if (location.hash === "#add-title") document.getElementById("add-title").focus();
})();
