// Drags questions into another order, and shows the fields of choices and of the ends of a number
// only where they mean something.
// Both work without: by the buttons Up and Down, and by the help beside the field.
"use strict";

(() => {
  const list = document.querySelector("[data-builder]");
  const order = document.getElementById("order");
  if (list && order) {
    const ids = () => [...list.children].map((item) => item.dataset.question);
    for (const item of list.children) {
      const grip = item.querySelector(".grip");
      grip.hidden = false;
      grip.addEventListener("pointerdown", (start) => {
        if (start.button) return;
        start.preventDefault();
        grip.setPointerCapture(start.pointerId);
        const before = ids().join();
        item.classList.add("dragged");
        const middle = (other) => {
          const box = other.getBoundingClientRect();
          return box.top + box.height / 2;
        };
        // The others make room; what is held stays where it is in the page, or the hold would end.
        const drag = (event) => {
          const { previousElementSibling: above, nextElementSibling: below } = item;
          if (below && event.clientY > middle(below)) list.insertBefore(below, item);
          else if (above && event.clientY < middle(above)) list.insertBefore(above, item.nextSibling);
        };
        const drop = () => {
          grip.removeEventListener("pointermove", drag);
          item.classList.remove("dragged");
          const after = ids();
          if (after.join() === before) return;
          const fields = order.querySelectorAll("[name=order]");
          after.forEach((id, place) => { fields[place].value = id; });
          order.requestSubmit();
        };
        grip.addEventListener("pointermove", drag);
        grip.addEventListener("pointerup", drop, { once: true });
        grip.addEventListener("pointercancel", drop, { once: true });
      });
    }
  }

  const form = document.querySelector("[data-question-form]");
  if (!form) return;
  const type = form.querySelector("[name=type]");
  const part = form.querySelector("[data-choices]");
  const ends = form.querySelector("[data-ends]");
  const show = () => {
    part.hidden = !["choice", "choices"].includes(type.value);
    ends.hidden = type.value !== "number";
  };
  type.addEventListener("input", show);
  show();
})();
