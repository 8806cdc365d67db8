// What every page does by itself: lost network, failed requests, ended sessions, unsaved forms, printing, first error.

const words = () => document.querySelector('meta[name="yihu-words"]').dataset;

function tell(sentence) {
  const place = document.getElementById("messages");
  if (!place || !sentence) return;
  const note = document.createElement("div");
  note.className = "note note--err";
  note.setAttribute("role", "alert");
  note.textContent = sentence;
  place.replaceChildren ? place.replaceChildren(note) : ((place.textContent = ""), place.append(note));
  place.scrollIntoView({ block: "nearest" });
}

// Polling may fail quietly: the next round tells the truth.
const polls = (event) => /every/.test(event.detail.elt.getAttribute("hx-trigger") || "");

document.addEventListener("htmx:sendError", (event) => polls(event) || tell(words().neterror));
document.addEventListener("htmx:timeout", (event) => polls(event) || tell(words().timeout));
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const sentence = status === 403 ? words().forbidden : status === 404 ? words().gone : words().server;
  if (!polls(event)) tell(sentence);
});

// A fragment that turns out to be a whole page came through a redirect: the session ended, or the server moved us on.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, pathInfo } = event.detail;
  const asked = pathInfo && new URL(pathInfo.finalRequestPath || requestConfig.path, location.href).pathname;
  if (xhr.responseURL && asked && new URL(xhr.responseURL).pathname !== asked && /^\s*(<!--|<!doctype)/i.test(xhr.responseText)) {
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
  }
});

function showNetwork() {
  const line = document.getElementById("offline");
  if (line) line.hidden = navigator.onLine !== false;
}
addEventListener("online", showNetwork);
addEventListener("offline", showNetwork);

// Filters that submit by themselves; without script the button does it.
document.addEventListener("change", (event) => {
  const { form } = event.target;
  if (form && form.matches("[data-autosubmit]:not([hx-get])") && event.target.matches("select,[type=checkbox],[type=radio]")) {
    form.requestSubmit ? form.requestSubmit() : form.submit();
  }
});

// Unsaved forms: only real typing counts, and saving is not leaving.
let unsaved = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-leave-guard]")) unsaved = true;
});
document.addEventListener("submit", (event) => {
  unsaved = false;
  // A second tap on a slow network must not send the form twice.
  const { target } = event;
  if (target.method !== "post" || target.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (target.dataset.sent) event.preventDefault();
  target.dataset.sent = "1";
  setTimeout(() => delete target.dataset.sent, 8000);
});
addEventListener("beforeunload", (event) => {
  if (!unsaved) return;
  event.preventDefault();
  event.returnValue = words().leave;
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

function wake(root) {
  root.querySelectorAll("[data-print]").forEach((button) => (button.hidden = false));
  const summary = root.querySelector("[data-error-summary]");
  if (summary) summary.focus();
}
document.addEventListener("htmx:load", (event) => event.detail.elt.querySelectorAll && wake(event.detail.elt));
document.addEventListener("DOMContentLoaded", () => {
  wake(document);
  showNetwork();
});
