"use strict";
/* Choosing what changes, from what there is: an input with a list below it.
   Source: WAI-ARIA Authoring Practices, the combobox with a list that the text filters. */
leftfold.choosing = ({ input, list, offers, chosen }) => {
  const { element } = leftfold;
  let shown = [];
  let active = -1;

  function mark(at) {
    active = shown.length ? (at + shown.length) % shown.length : -1;
    [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === active)));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  }

  function show() {
    shown = input.value.trim() ? offers(input.value) : [];
    list.replaceChildren(...shown.map(({ kind, words }, number) => element(
      "li", { role: "option", id: `subject-${number}` }, element("span", {}, words), " ", element("span", { class: "quiet" }, kind),
    )));
    list.hidden = !shown.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(0);
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function take(at) {
    const offer = shown[at];
    close();
    if (offer) chosen(offer);
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) show();
      else mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden) take(active);
    } else if (event.key === "Escape") close();
  });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    if (item) take([...list.children].indexOf(item));
  });
};
