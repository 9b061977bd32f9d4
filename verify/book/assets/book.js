// Search and filters of the index. Everything can be read without.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const finder = document.getElementById("finder");
  if (!finder) return;
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const boxes = [...finder.querySelectorAll("input[type=checkbox]")];
  const groups = [...document.querySelectorAll("section.group")].map((section) => ({
    section,
    lines: [...section.querySelectorAll("li")].map((line) => ({
      line,
      words: line.dataset.words,
      verdicts: line.dataset.verdicts.split(" "),
    })),
  }));
  const total = groups.reduce((sum, group) => sum + group.lines.length, 0);
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
    let count = 0;
    for (const group of groups) {
      let shown = 0;
      for (const entry of group.lines) {
        const fits =
          words.every((word) => entry.words.includes(word)) &&
          (!wanted.length || wanted.some((verdict) => entry.verdicts.includes(verdict)));
        entry.line.hidden = !fits;
        shown += fits;
      }
      group.section.hidden = !shown;
      count += shown;
    }
    found.textContent = count === total ? `${total} formulas` : `${count} of ${total} formulas`;
  };
  finder.addEventListener("submit", (event) => event.preventDefault());
  finder.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      show();
    }
  });
  finder.hidden = false;
  show();
});
