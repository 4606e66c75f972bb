"use strict";
/* The drawing on a context's page, and how far around it reaches. */
(() => {
  const figure = document.getElementById("around");
  if (!figure) return;
  const told = document.getElementById("drawn");
  const buttons = [...document.querySelectorAll("[data-depth]")];

  function show(depth) {
    const { drawn, near, shown, middle } = leftfold.drawing.draw(Number(figure.dataset.context), depth);
    figure.replaceChildren(drawn);
    figure.scrollLeft = middle.x + 95 - figure.clientWidth / 2;
    figure.scrollTop = middle.y + 22 - figure.clientHeight / 2;
    for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.depth) === depth));
    const all = `${leftfold.count(near)} around it`;
    told.textContent = shown < near ? `${all}, of which the nearest ${shown} are drawn; relations first` : all;
  }

  for (const button of buttons) button.addEventListener("click", () => show(Number(button.dataset.depth)));
  show(1);
})();
