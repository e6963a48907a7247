// Light or dark: what the system asks for, until the reader chooses. Loaded before the page is drawn.
const root = document.documentElement;
try {
  root.dataset.theme = localStorage.getItem("theme") ?? "";
} catch { /* Storage is off: the choice lasts for one page. */ }

addEventListener("DOMContentLoaded", () => {
  const isDark = () =>
    root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch { /* As above. */ }
  });
  const menu = document.getElementById("menu");
  menu.addEventListener("click", () => {
    const isOpen = document.body.classList.toggle("open");
    menu.setAttribute("aria-expanded", String(isOpen));
  });
  const current = document.querySelector("#navigation [aria-current]");
  const navigation = document.getElementById("navigation");
  if (current && current.offsetTop > navigation.clientHeight) {
    navigation.scrollTop = current.offsetTop - 200;
  }
});
