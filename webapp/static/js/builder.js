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
      let before = "";
      grip.addEventListener("pointerdown", () => { before = ids().join(); });
      window.dragRow(item, grip, {
        dropped: () => {
          const after = ids();
          if (after.join() === before) return;
          const fields = order.querySelectorAll("[name=order]");
          after.forEach((id, place) => { fields[place].value = id; });
          order.requestSubmit();
        },
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
