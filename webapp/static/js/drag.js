// Drags a row of a list to another place by its grip, with a finger, a pen or a mouse.
"use strict";

// `moved` is called on every step, `dropped` once at the end.
window.dragRow = (item, grip, { moved = () => {}, dropped = () => {} }) => {
  grip.addEventListener("pointerdown", (start) => {
    if (start.button) return;
    start.preventDefault();
    grip.setPointerCapture(start.pointerId);
    item.classList.add("dragged");
    const middle = (other) => {
      const box = other.getBoundingClientRect();
      return box.top + box.height / 2;
    };
    // The others make room; what is held stays where it is in the page, or the hold would end.
    const drag = (event) => {
      const list = item.parentElement;
      const { previousElementSibling: above, nextElementSibling: below } = item;
      if (below && event.clientY > middle(below)) list.insertBefore(below, item);
      else if (above && event.clientY < middle(above)) list.insertBefore(above, item.nextSibling);
      else return;
      moved();
    };
    const drop = () => {
      grip.removeEventListener("pointermove", drag);
      item.classList.remove("dragged");
      dropped();
    };
    grip.addEventListener("pointermove", drag);
    grip.addEventListener("pointerup", drop, { once: true });
    grip.addEventListener("pointercancel", drop, { once: true });
  });
};
