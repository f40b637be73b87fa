// Before anything is drawn: light or dark, where somebody has chosen. A page that
// is drawn in the other one first would flash.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* Nothing is stored here: as the system says. */ }
