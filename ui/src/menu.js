// Sections of the menu stay as one left them on this device: a cookie names those that were unfolded, the server unfolds them.
for (const section of document.querySelectorAll("#menu details[data-section]")) {
  section.querySelector("summary").addEventListener("click", () => {
    const [, kept] = /(?:^|; )menu=([a-z.]*)/.exec(document.cookie) || [];
    const names = new Set(kept ? kept.split(".") : []);
    if (section.open) names.delete(section.dataset.section); // it is about to close
    else names.add(section.dataset.section);
    document.cookie = `menu=${[...names].join(".")};path=/;max-age=31536000;samesite=lax`;
  });
}
