// Exchanges the key at once. It does not stay in the history.
history.replaceState(null, "", "/enter");
document.querySelector("[data-enter]").requestSubmit();
