// Panels that open from a summary close when one looks elsewhere. They open without this file.

export function closesByItself(pop) {
  pop.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !pop.open) return;
    pop.open = false;
    pop.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!pop.contains(event.target)) pop.open = false;
  });
}

const more = document.querySelector("#nav-more");
if (more) closesByItself(more);
