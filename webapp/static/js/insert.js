/* Buttons that put a placeholder into a field, where the cursor is. Without this script they stay hidden, and
   the list below the form is there to copy from. One Tab reaches them all, arrows go from one to the next. */
(() => {
  "use strict";
  const put = (field, name, block, start, end) => {
    const before = field.value.slice(0, start);
    const after = field.value.slice(end);
    let text = name;
    if (block) {
      // A button or a box stands on a line of its own, with an empty one before and after.
      const lead = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
      const tail = !after || after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
      text = lead + name + tail;
    }
    field.focus();
    field.setSelectionRange(start, end);
    // The old way keeps the browser's undo; where it is gone, the new one at least puts the text in.
    if (document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const bar of document.querySelectorAll("[data-insert]")) {
    const field = document.getElementById(bar.dataset.insert);
    const buttons = [...bar.querySelectorAll("button")];
    if (!field || !buttons.length) continue;
    // Where nobody has been yet, the end is a better place than the beginning.
    let been = false;
    field.addEventListener("focus", () => { been = true; });
    const reach = (button) => { for (const one of buttons) one.tabIndex = one === button ? 0 : -1; };
    reach(buttons[0]);
    bar.hidden = false;
    bar.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      const button = buttons[next < 0 ? last : next > last ? 0 : next];
      reach(button);
      button.focus();
    });
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      reach(button);
      const end = field.value.length;
      put(field, button.dataset.put, "block" in button.dataset, been ? field.selectionStart : end, been ? field.selectionEnd : end);
    });
  }
})();
