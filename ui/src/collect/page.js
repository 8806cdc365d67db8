// What the parts of 我的调查 share: its words, its templates, lists that stay where nothing changed.

export const byId = (id) => document.getElementById(id);
export const words = byId("home").dataset;
export const told = JSON.parse(byId("words").textContent); // sentences of what floors above the surveys put into the pack
export const fill = (text, values) => (text || "").replace(/\{(\w+)\}/g, (_, name) => (name in values ? values[name] : ""));

const pad = (number) => String(number).padStart(2, "0");
export const moment = (time) => {
  const at = new Date(time);
  return `${at.getMonth() + 1}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
};
export function size(bytes) {
  if (bytes < 1048576) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return bytes < 1073741824 ? `${(bytes / 1048576).toFixed(1)} MB` : `${(bytes / 1073741824).toFixed(1)} GB`;
}

export function age(time) {
  const minutes = Math.floor((Date.now() - time) / 60000);
  if (minutes < 1) return words.now;
  if (minutes < 60) return fill(words.minutes, { n: minutes });
  return minutes < 1440 ? fill(words.hours, { n: Math.floor(minutes / 60) }) : fill(words.days, { n: Math.floor(minutes / 1440) });
}

export function stamp(name) {
  return document.importNode(byId(name).content, true).firstElementChild;
}

export function make(tag_, text = "", look = "") {
  const node = document.createElement(tag_);
  node.textContent = text;
  if (look) node.className = look;
  return node;
}

export const part = (item, name) => item.querySelector(`[data-${name}]`);

export function tag(place, word, tone) {
  place.textContent = word;
  place.className = `tag tag--${tone}`;
  place.hidden = !word;
}

/** Fill a list; what stands in it stays where nothing changed, so that no focus is lost and nothing jumps. */
export function list(place, rows, draw) {
  const key = JSON.stringify(rows);
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  const focus = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  place.textContent = "";
  place.append(...rows.map(draw));
  const again = focus && place.querySelector(`[data-key="${focus}"]`);
  if (again) again.focus();
}

export function say(place, text, link) {
  place.hidden = !text;
  if (place.firstChild && place.firstChild.textContent === text) return;
  place.textContent = "";
  if (text) place.append(make("p", text));
  if (!link) return;
  const anchor = document.createElement("a");
  [anchor.href, anchor.textContent] = link;
  place.append(anchor);
}
