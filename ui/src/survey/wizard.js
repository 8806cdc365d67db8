// The survey form as one sees it: steps, fields, members, questions, and everything kept as it is typed.
import { inWords, separated } from "../reading.js";
import { read as idNumber, tidy } from "../idcard.js";
import { checkPage } from "./checkpage.js";
import { stopwatch } from "./effort.js";
import { focusable, make, read, say, shown, write } from "./fields.js";
import { keyboard } from "./keys.js";
import { paintPhotos } from "./pictures.js";
import { pad } from "./signature.js";
import { State, alike, day, pathOf } from "./state.js";

const byId = (id) => document.getElementById(id);
const CHECK = ""; // the id of the last step
const LONG = 1000; // yuan from which a sum is read out

export class Wizard {
  /** `keeper` as described in docs/surveys.md; `lease` of this draft; `ids` makes a new uid; `hop` is where the form was asked to open. */
  constructor({ definition, words, draft, entry, keeper, lease, ids, hop }) {
    Object.assign(this, { definition, words, entry, keeper, lease, ids });
    this.state = new State(definition, draft, entry);
    this.paper = draft.channel === "paper";
    this.form = byId("survey");
    this.boxes = new Map(); // path -> box
    this.numbers = new Map(); // member -> number of its cards
    this.pads = new Map();
    this.touched = new Set(Object.keys(this.state.kept));
    this.reasons = (entry && entry.returned && entry.returned.reasons) || {};
    this.at = { step: draft.at.step || "", path: draft.at.path || "" };
    this.hop = hop || "";
    this.spent = stopwatch();
    this.saving = Promise.resolve();
    this.chinese = document.documentElement.lang.startsWith("zh");
  }

  // -- building ---------------------------------------------------------------------------------------------------------------------

  start() {
    this.sections = [...this.form.querySelectorAll("[data-step]")];
    for (const section of this.sections) {
      const step = this.stepOf(section.dataset.step);
      section.querySelector("[data-who]").textContent = this.paper ? "" : say(this.words.who, { name: this.householder() });
      if (!step) continue;
      if (step.repeat) for (const { uid } of this.state.members) this.card(step, uid);
      else this.gather(section, "");
    }
    this.subtitle();
    for (const path of this.boxes.keys()) if (this.state.get(path) !== undefined || this.state.raw[path]) this.touched.add(path);
    this.listen();
    if (this.paper) keyboard(this);
    byId("gate").hidden = true;
    this.form.hidden = byId("wz").hidden = false;
    byId("surveyed").value = this.state.draft.surveyed_on;
    this.refresh();
    for (const path of this.boxes.keys()) this.paint(path);
    this.readOnly(!this.lease.held);
    this.open();
  }

  /** Where the form opens: at the field asked for, where the surveyor was, at the beginning. */
  open() {
    const { hop } = this;
    const back = Object.keys(this.reasons).find((path) => this.boxes.has(path));
    if (hop && this.boxes.has(hop)) return this.show(this.state.field(hop).step, { path: hop, push: false });
    if (this.at.path && this.boxes.has(this.at.path)) return this.show(this.state.field(this.at.path).step, { path: this.at.path, push: false });
    if (back && !this.at.step) return this.show(this.state.field(back).step, { path: back, push: false });
    const first = this.steps()[0].id;
    return this.show(this.at.step && this.steps().some((one) => one.id === this.at.step) ? this.at.step : first, { push: false });
  }

  householder() {
    return (this.entry && this.entry.householder) || this.state.who((this.state.members[0] || {}).uid).name || "";
  }

  subtitle() {
    const { village, hamlet, number } = this.entry || {};
    const parts = [[village, hamlet].filter(Boolean).join(""), number && say(this.words.number, { number })].filter(Boolean);
    const place = parts.join(" · ");
    for (const node of this.form.querySelectorAll("[data-sub]")) node.textContent = place;
  }

  stepOf(id) {
    return this.definition.steps.find((step) => step.id === id);
  }

  section(id) {
    return this.sections.find((section) => section.dataset.step === id);
  }

  /** Notes the boxes of a part of the page, and gives each what stands around its control. */
  gather(root, uid) {
    for (const box of root.querySelectorAll("[data-f]")) {
      const path = pathOf(box.dataset.f, uid);
      this.boxes.set(path, box);
      box.dataset.path = path;
      const { t: type } = box.dataset;
      if (type === "signature") this.signature(path, box);
      this.reason(path, box);
    }
  }

  reason(path, box) {
    if (!this.reasons[path]) return;
    box.classList.add("field--err");
    const label = box.querySelector("label, legend");
    label.after(make("p", { className: "err", "data-back": "", id: `${box.dataset.path}-b` }, say(this.words.returned, { why: this.reasons[path] })));
  }

  /** The card of a member in a step; ids carry the member's number. */
  card(step, uid) {
    if (!this.numbers.has(uid)) this.numbers.set(uid, this.numbers.size + 1);
    const mark = `m${this.numbers.get(uid)}`;
    const section = this.section(step.id);
    const copy = section.querySelector("template").content.cloneNode(true);
    for (const node of copy.querySelectorAll("*")) {
      for (const { name, value } of [...node.attributes]) if (value.includes("@-")) node.setAttribute(name, value.replace(/@-/g, `${mark}-${step.id}-`));
    }
    const card = copy.querySelector("[data-card]");
    card.dataset.uid = uid;
    this.gather(copy, uid);
    const one = this.state.member(uid);
    const joined = card.querySelector("[data-joined]");
    if (joined && one.new) {
      joined.hidden = false;
      joined.querySelector("[data-reason]").value = one.joined.reason || "";
      joined.querySelector("[data-on]").value = one.joined.on || "";
      card.querySelector("[data-leave]").textContent = this.words.unadd;
    }
    section.querySelector("[data-cards]").append(copy);
    if (this.paper) card.open = true;
    return card;
  }

  cards(uid) {
    return [...this.form.querySelectorAll("[data-card]")].filter((card) => card.dataset.uid === uid);
  }

  signature(path, box) {
    const state = box.querySelector("[data-padstate]");
    const tell = () => {
      const signed = this.state.get(path) !== undefined;
      state.textContent = signed ? this.words.signed : this.words.unsigned;
      state.className = signed ? "auto" : "muted small";
      box.querySelector("[data-again]").disabled = !signed;
    };
    const own = pad(box.querySelector("[data-pad]"), async (blob) => {
      try {
        const { uid } = await this.keeper.addPhoto(this.state.draft.uid, path, blob, "signature");
        this.answer(path, uid, "typed");
      } catch (error) {
        this.trouble(error);
      }
      tell();
    });
    this.pads.set(path, { ...own, tell });
    const uid = this.state.get(path);
    if (uid) Promise.resolve(this.keeper.photo(uid)).then((blob) => blob && own.show(blob), () => {});
    tell();
  }

  // -- events -----------------------------------------------------------------------------------------------------------------------

  listen() {
    const { form } = this;
    form.addEventListener("input", (event) => this.typing(event));
    form.addEventListener("change", (event) => this.changed(event));
    form.addEventListener("click", (event) => this.click(event));
    form.addEventListener("focusin", ({ target }) => {
      const box = target.closest("[data-f]");
      if (box) this.at.path = box.dataset.path;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.at.step === CHECK) this.finish();
      else this.step(1);
    });
    form.addEventListener("keydown", (event) => this.key(event));
    byId("back").addEventListener("click", () => this.step(-1));
    byId("where").addEventListener("click", () => this.menu(byId("steps").hidden));
    byId("steps").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      this.menu(false);
      this.show(button.dataset.go);
    });
    byId("steps").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.menu(false);
      byId("where").focus();
    });
    addEventListener("popstate", ({ state }) => {
      if (state && "step" in state && this.section(state.step)) this.show(state.step, { push: false });
    });
    const away = () => {
      this.state.effort.seconds += this.spent();
      if (document.hidden && this.dirty) this.save();
    };
    document.addEventListener("visibilitychange", away);
    addEventListener("pagehide", () => this.dirty && this.save());
  }

  key(event) {
    const { target, key } = event;
    if (key === "Enter" && target.matches("input.in, select.in") && !event.isComposing && !this.paper) {
      event.preventDefault();
      this.forward(target);
    }
  }

  /** From a control to the next one of the step, else to the button. */
  forward(from) {
    const open = [...this.section(this.at.step).querySelectorAll("input, select, textarea, button, summary, [tabindex]")].filter(
      (one) => one.offsetParent && !one.disabled && one.tabIndex >= 0 && !one.matches("[data-same], [data-padagain]"),
    );
    const next = open.slice(open.indexOf(from) + 1).find((one) => one.name !== from.name || !from.name);
    (next || byId("next")).focus();
  }

  typing({ target }) {
    const box = target.closest("[data-f]");
    if (!box || target.type === "file") return;
    this.state.effort.keystrokes++;
    this.take(box);
    const path = box.dataset.path;
    this.live(path, box);
    this.later();
  }

  /** What stands in a box is now the answer. */
  take(box) {
    const path = box.dataset.path;
    const { value, raw, wrong } = read(box);
    if (wrong) this.state.spell(path, raw);
    else this.state.put(path, value, "typed");
    this.wrong = { path: wrong ? path : "", kind: wrong };
  }

  /** What follows a key at once; questions wait until the field is left. */
  live(path, box) {
    this.echo(path, box);
    this.same(path, box);
    this.mark(path, box, "");
    if (box.dataset.t === "money" || this.state.field(path).writes === "year.population") this.totals();
  }

  changed(event) {
    const { target } = event;
    const part = target.closest("[data-joined]");
    if (part) return this.joined(part);
    if (target.id === "surveyed") {
      if (target.value) this.state.draft.surveyed_on = target.value;
      this.refresh();
      return this.later();
    }
    const box = target.closest("[data-f]");
    if (!box) return null;
    const path = box.dataset.path;
    if (target.type === "file") return this.photos(path, target);
    this.take(box);
    if (target.type === "radio") box.dataset.on = target.value;
    if (box.dataset.t === "choices") this.alone(box, target);
    if (box.dataset.t === "money" && !this.state.raw[path]) write(box, this.state.get(path));
    if (box.dataset.t === "id_number") this.identity(path, box);
    this.touched.add(path);
    this.refresh();
    return this.later();
  }

  click(event) {
    const { target } = event;
    if (target.matches(".choice input[type=radio]")) return this.unchoose(target);
    const button = target.closest("button");
    if (!button || button.disabled) return null;
    const box = button.closest("[data-f]");
    const card = button.closest("[data-card]");
    const { dataset } = button;
    if ("same" in dataset) return this.sameAgain(box.dataset.path);
    if ("allsame" in dataset) return this.allSame(button, card);
    if ("again" in dataset) return this.unsign(box.dataset.path);
    if ("correct" in dataset) return this.unmask(box);
    if ("keep" in dataset) return this.answerQuestion(box, true);
    if ("redo" in dataset) return this.answerQuestion(box, false);
    if ("unkeep" in dataset) return this.reopen(box);
    if ("add" in dataset) return this.addMember();
    if ("leave" in dataset) return this.leaving(card);
    if ("cancel" in dataset) return this.stays(card);
    if ("confirm" in dataset) return this.leave(card);
    if ("undo" in dataset) return this.undo(dataset.undo);
    if ("next" in dataset) return this.nextCard(card);
    if ("go" in dataset) return this.show(dataset.go, { path: dataset.path });
    return null;
  }

  /** A tap on the chosen tile takes the choice back: a wrong tap must not stay for ever. */
  unchoose(radio) {
    const box = radio.closest("[data-f]");
    if (box.dataset.on !== radio.value) {
      box.dataset.on = radio.value;
      return;
    }
    radio.checked = false;
    box.dataset.on = "";
    this.take(box);
    this.refresh();
    this.later();
  }

  /** 健康 stands alone: a tick on it takes the others away, and the other way round. Said by the list, not by the form. */
  alone(box, ticked) {
    const single = box.querySelector("[data-alone]");
    if (!single || !ticked.checked) return;
    for (const one of box.querySelectorAll(".choice input")) if (one !== ticked && (one === single) !== (ticked === single)) one.checked = false;
    this.take(box);
  }

  // -- one field --------------------------------------------------------------------------------------------------------------------

  /** An answer that the page gives: shown, kept. */
  answer(path, value, how) {
    this.state.put(path, value, how);
    this.touched.add(path);
    this.paint(path);
    this.refresh();
    this.later();
  }

  /** Everything of a field: its control and what stands around it. */
  paint(path) {
    const box = this.boxes.get(path);
    const { t: type } = box.dataset;
    const value = this.state.get(path);
    if (type === "photo") {
      const { most = 5 } = this.state.field(path);
      paintPhotos(box, value || [], { keeper: this.keeper, words: this.words, most, drop: (uid) => this.dropPhoto(path, uid) });
    } else if (type === "signature") this.pads.get(path).tell();
    else if (type === "info") box.querySelector("[data-info]").textContent = shown(box, this.state.base[path], this.words, this.state.field(path).unit);
    else if (type !== "total") write(box, value, this.state.raw[path]);
    if (type === "phone" || type === "id_number") this.mask(box, value);
    this.last(path, box);
    this.same(path, box);
    this.echo(path, box);
  }

  /** Last year's value under the label, and the button that takes it over. */
  last(path, box) {
    const field = this.state.field(path);
    const last = this.state.last[path];
    if (!field.last || last === undefined || box.querySelector(".sv-last")) return;
    const words = shown(box, last, this.words, box.dataset.t === "money" ? this.words.yuan : field.unit);
    const text = make("span", { id: `${this.idOf(box)}-p` }, say(this.words.last, { value: words }));
    const button = make("button", { type: "button", className: "sv-same", "data-same": "", "aria-pressed": "false" }, this.words.same);
    button.setAttribute("aria-label", say(this.words.same_of, { label: field.label, value: words }));
    const line = make("p", { className: "sv-last" }, text, button);
    const control = box.querySelector(".inrow, .choices, textarea");
    control.before(line);
    this.describe(box);
  }

  idOf(box) {
    return `${box.dataset.path.replace("/", "-")}`;
  }

  /** The control is described by whatever stands around it now. */
  describe(box) {
    const target = box.querySelector("fieldset") || box.querySelector(".in");
    if (!target) return;
    const ids = [...box.querySelectorAll(".hint, .sv-last > span, .err, .read, .ask, .auto")].filter((one) => one.id && !one.hidden).map((one) => one.id);
    if (ids.length) target.setAttribute("aria-describedby", ids.join(" "));
    else target.removeAttribute("aria-describedby");
  }

  /** The state of the button 「与去年相同」. */
  same(path, box) {
    const button = box.querySelector("[data-same]");
    if (!button) return;
    const taken = this.state.same.has(path);
    button.setAttribute("aria-pressed", String(taken));
    button.textContent = taken ? this.words.as_last : this.words.same;
    button.hidden = !taken && alike(this.state.get(path), this.state.last[path]);
  }

  sameAgain(path) {
    if (this.state.same.has(path)) this.state.unsame(path);
    else this.state.put(path, this.state.last[path], "same");
    this.touched.add(path);
    this.paint(path);
    this.refresh();
    this.later();
  }

  allSame(button, card) {
    const section = button.closest("[data-step]");
    const paths = this.state.copyable(this.stepOf(section.dataset.step), card ? card.dataset.uid : "");
    for (const path of paths) {
      this.state.put(path, this.state.last[path], "same");
      this.touched.add(path);
      this.paint(path);
    }
    const place = card ? card.querySelector("summary") : section.querySelector("h1");
    place.focus();
    this.refresh();
    this.later();
  }

  /** Reads a large sum out. */
  echo(path, box) {
    if (box.dataset.t !== "money" || !this.chinese) return;
    const value = this.state.get(path);
    let line = box.querySelector(".read");
    const words = value !== undefined && Number(value) >= LONG ? say(this.words.read, { words: inWords(String(value)) }) : "";
    if (!line && !words) return;
    if (!line) {
      line = make("p", { className: "read num", id: `${this.idOf(box)}-r` });
      box.querySelector(".inrow").after(line);
      this.describe(box);
    }
    line.textContent = words;
  }

  /** A number the ledger has is shown masked and not typed over sign by sign: one button makes room for the right one. */
  mask(box, value) {
    const input = box.querySelector(".in");
    const masked = typeof value === "string" && value.includes("*");
    input.readOnly = masked;
    let button = box.querySelector("[data-correct]");
    if (masked && !button) {
      button = make("button", { type: "button", className: "btn btn--s sv-correct", "data-correct": "" }, this.words.correct);
      input.after(button);
    }
    if (button) button.hidden = !masked;
  }

  unmask(box) {
    const input = box.querySelector(".in");
    input.focus();
    this.answer(box.dataset.path, undefined, "filled");
    input.focus();
  }

  /** A whole ID number says birthday and sex. */
  identity(path, box) {
    const number = this.state.get(path);
    const uid = path.split("/").slice(0, -1)[0] || "";
    if (!number || number.includes("*") || !/^\d{17}[\dX]$/.test(tidy(number))) return;
    const found = idNumber(number);
    if (found.wrong) return;
    for (const [name, value] of [[this.state.names.birth, found.birthday], [this.state.names.sex, found.sex === "male" ? "1" : "2"]]) {
      const other = pathOf(name, uid);
      const target = this.boxes.get(other);
      if (!name || !target) continue;
      if (!alike(this.state.get(other), value)) {
        this.state.put(other, value, "filled");
        this.paint(other);
        this.touched.add(other);
      }
      this.auto(target, this.words.from_id);
    }
  }

  auto(box, sentence) {
    let line = box.querySelector(".auto");
    if (!line && sentence) {
      line = make("p", { className: "auto", id: `${this.idOf(box)}-a`, role: "status" });
      box.append(line);
    }
    if (line) {
      line.hidden = !sentence;
      line.textContent = sentence;
    }
    this.describe(box);
  }

  /** Red under a field: what cannot be. "" takes it away. */
  mark(path, box, sentence) {
    let line = box.querySelector("[data-err]");
    if (!line && !sentence) return;
    if (!line) {
      line = make("p", { className: "err", "data-err": "", id: `${this.idOf(box)}-e`, role: "alert" });
      const control = box.querySelector(".inrow, .choices, textarea, .sv-pick, canvas");
      control.before(line);
    }
    if (line.textContent === sentence) return;
    line.textContent = sentence;
    line.hidden = !sentence;
    box.classList.toggle("field--err", Boolean(sentence) || Boolean(this.reasons[path]));
    const control = box.querySelector(".in");
    if (control) control.setAttribute("aria-invalid", String(Boolean(sentence)));
    this.describe(box);
  }

  // -- questions --------------------------------------------------------------------------------------------------------------------

  question(path, box, sentences) {
    const open = this.state.open(path, sentences);
    const kept = (sentences || []).filter((one) => !open.includes(one));
    const key = JSON.stringify([open, kept]);
    if (box.dataset.q === key || (!box.dataset.q && !open.length && !kept.length)) return;
    box.dataset.q = key;
    const part = box.querySelector(".sv-q");
    if (part) part.remove();
    box.classList.toggle("asking", open.length > 0);
    if (!open.length && !kept.length) return this.describe(box);
    const fresh = make("div", { className: "sv-q" });
    if (open.length) {
      fresh.append(
        make("p", { className: "ask", role: "status", id: `${this.idOf(box)}-q` }, open.join("")),
        make(
          "div",
          { className: "btns" },
          make("button", { type: "button", className: "btn btn--s", "data-redo": "" }, this.words.redo),
          make("button", { type: "button", className: "btn btn--s", "data-keep": "" }, this.words.right),
        ),
      );
    } else {
      fresh.append(
        make("p", { className: "sv-kept" }, make("span", {}, say(this.words.kept, { say: kept.join("") })),
          make("button", { type: "button", className: "linkbtn", "data-unkeep": "" }, this.words.unkeep)),
      );
    }
    box.append(fresh);
    return this.describe(box);
  }

  answerQuestion(box, right) {
    const path = box.dataset.path;
    if (right) {
      this.state.keep(path, this.soft[path] || []);
      this.refresh();
      const undo = box.querySelector("[data-unkeep]");
      if (undo) undo.focus();
      if (this.paper) this.keys.after(box);
    } else {
      const control = focusable(box);
      control.focus();
      if (control.select && control.matches("input.in")) control.select();
    }
    this.later();
  }

  reopen(box) {
    this.state.unkeep(box.dataset.path);
    this.refresh();
    box.querySelector("[data-keep]").focus();
    this.later();
  }

  // -- photos -----------------------------------------------------------------------------------------------------------------------

  async photos(path, input) {
    const files = [...input.files];
    input.value = "";
    const { most = 5 } = this.state.field(path);
    for (const file of files) {
      const have = this.state.get(path) || [];
      if (have.length >= most) break;
      this.tell(this.words.shrinking);
      try {
        const { uid } = await this.keeper.addPhoto(this.state.draft.uid, path, file, "photo");
        this.answer(path, [...(this.state.get(path) || []), uid], "typed");
      } catch (error) {
        this.mark(path, this.boxes.get(path), error.say || this.words.no_photo);
      }
    }
    (input.offsetParent ? input : this.boxes.get(path).querySelector(".sv-drop") || input).focus();
  }

  async dropPhoto(path, uid) {
    const box = this.boxes.get(path);
    this.answer(path, (this.state.get(path) || []).filter((one) => one !== uid), "typed");
    (box.querySelector(".sv-drop") || box.querySelector(".sv-file")).focus();
    await this.save();
    await Promise.resolve(this.keeper.dropPhoto(uid)).catch(() => {}); // an answer that names it no more; the sweep takes it
  }

  unsign(path) {
    const uid = this.state.get(path);
    this.pads.get(path).clear();
    this.answer(path, undefined, "typed");
    const box = this.boxes.get(path);
    const canvas = box.querySelector("[data-pad]");
    canvas.tabIndex = -1;
    canvas.focus();
    if (uid) Promise.resolve(this.keeper.dropPhoto(uid)).catch(() => {});
  }

  // -- members ----------------------------------------------------------------------------------------------------------------------

  adding() {
    return this.definition.steps.find((step) => step.repeat === "member");
  }

  addMember() {
    const uid = this.ids();
    this.state.add(uid, { on: this.state.draft.surveyed_on });
    let first = null;
    for (const step of this.definition.steps) {
      if (step.repeat !== "member") continue;
      const card = this.card(step, uid);
      first = first || card;
    }
    for (const path of this.boxes.keys()) if (path.startsWith(uid)) this.paint(path);
    first.open = true;
    this.refresh();
    first.querySelector("[data-joined] [data-reason]").focus();
    this.later();
  }

  joined(part) {
    const one = this.state.member(part.closest("[data-card]").dataset.uid);
    one.joined = { reason: part.querySelector("[data-reason]").value, on: part.querySelector("[data-on]").value };
    this.refresh();
    this.later();
  }

  leaving(card) {
    const uid = card.dataset.uid;
    if (this.state.member(uid).new) return this.gone(card);
    const part = card.querySelector("[data-leaving]");
    part.hidden = false;
    card.querySelector("[data-leave]").hidden = true;
    part.querySelector("[data-on]").value = this.state.draft.surveyed_on;
    part.querySelector("[data-reason]").focus();
    return null;
  }

  stays(card) {
    card.querySelector("[data-leaving]").hidden = true;
    const button = card.querySelector("[data-leave]");
    button.hidden = false;
    button.focus();
  }

  leave(card) {
    const uid = card.dataset.uid;
    const part = card.querySelector("[data-leaving]");
    const [reason, on] = [part.querySelector("[data-reason]"), part.querySelector("[data-on]")];
    const line = part.querySelector("[data-say]");
    const wrong = !reason.value ? this.words.need_reason : !on.value ? this.words.need_day : on.value > day(new Date()) ? this.words.not_future : "";
    line.textContent = wrong;
    line.hidden = !wrong;
    if (wrong) return (reason.value ? on : reason).focus();
    this.state.leave(uid, { reason: reason.value, on: on.value });
    this.stays(card);
    this.refresh();
    this.form.querySelector(`[data-undo="${uid}"]`).focus();
    return this.later();
  }

  /** A member added by mistake goes without a word. */
  gone(card) {
    const uid = card.dataset.uid;
    this.state.leave(uid);
    for (const path of [...this.boxes.keys()]) if (path.startsWith(`${uid}/`)) this.boxes.delete(path);
    const button = this.section(this.at.step).querySelector("[data-add]");
    for (const own of this.cards(uid)) own.remove();
    button.focus();
    this.refresh();
    this.later();
  }

  undo(uid) {
    this.state.stay(uid);
    this.refresh();
    const card = this.cards(uid).find((one) => one.offsetParent);
    card.querySelector("summary").focus();
    this.later();
  }

  nextCard(card) {
    const all = [...card.parentNode.querySelectorAll("[data-card]")].filter((one) => !one.hidden);
    const next = all[all.indexOf(card) + 1];
    card.open = false;
    next.open = true;
    next.querySelector("summary").focus();
    next.scrollIntoView({ block: "start" });
  }

  leftLine(card, one) {
    let line = card.previousElementSibling;
    if (!line || line.dataset.leftOf !== one.uid) {
      line = make("div", { className: "sv-left" }, make("span"), make("button", { type: "button", className: "btn btn--s", "data-undo": one.uid }, this.words.undo));
      line.dataset.leftOf = one.uid;
      card.before(line);
    }
    line.hidden = !one.left;
    if (!one.left) return;
    const reason = card.querySelector(`[data-leaving] option[value="${one.left.reason}"]`);
    const [year, month, date] = one.left.on.split("-").map(Number);
    line.firstChild.textContent = say(this.words.left, {
      name: this.state.who(one.uid).name, reason: reason ? reason.text : one.left.reason, day: say(this.words.day, { year, month, day: date }),
    });
  }

  // -- the whole form ---------------------------------------------------------------------------------------------------------------

  /** Everything that depends on other answers. Never takes the focus, never moves what is being typed in. */
  refresh() {
    const found = this.state.check();
    const asked = new Set(found.asked);
    this.soft = found.soft;
    this.found = found;
    for (const [path, box] of this.boxes) {
      box.hidden = !asked.has(path);
      if (box.hidden) continue;
      this.mark(path, box, this.wrongOf(path, found));
      this.question(path, box, this.touched.has(path) ? found.soft[path] : []);
      this.same(path, box);
      if (!alike(this.state.get(path), undefined) && box.querySelector(".auto") && this.state.typed.has(path)) this.auto(box, "");
    }
    this.people(asked);
    this.totals();
    this.steplist();
    for (const section of this.sections) {
      const step = this.stepOf(section.dataset.step);
      if (step && !step.repeat) this.copyButton(section, step, "");
    }
  }

  wrongOf(path, found) {
    if (this.state.raw[path]) return this.words[`wrong_${this.boxes.get(path).dataset.t}`] || this.words.wrong_money;
    if (!this.touched.has(path)) return "";
    if (found.hard[path]) return found.hard[path].join("");
    if (this.boxes.get(path).dataset.t === "id_number") return this.idWrong(this.state.get(path) || "");
    return "";
  }

  idWrong(number) {
    if (!number || number.includes("*")) return "";
    const { wrong } = idNumber(number);
    return wrong ? say(this.words[`id_${wrong}`], { n: tidy(number).length }) : "";
  }

  copyButton(root, step, uid) {
    const line = root.querySelector("[data-all]");
    const count = this.state.copyable(step, uid).length;
    line.hidden = count < 2 && document.activeElement !== line.firstElementChild;
    line.firstElementChild.textContent = say(this.words.all_same, { n: count });
  }

  people(asked) {
    const relation = this.state.names.relation;
    for (const step of this.definition.steps) {
      if (step.repeat !== "member") continue;
      const cards = [...this.section(step.id).querySelectorAll("[data-card]")];
      for (const card of cards) {
        const uid = card.dataset.uid;
        const one = this.state.member(uid);
        const who = this.state.who(uid);
        const paths = step.fields.map((field) => pathOf(field.id, uid)).filter((path) => asked.has(path) && this.answerable(path));
        card.hidden = Boolean(one.left) || !paths.length;
        if (step === this.adding()) this.leftLine(card, one);
        const box = this.boxes.get(pathOf(relation, uid));
        const about = [
          who.relation && box ? shown(box, who.relation, this.words) : "",
          who.age !== null && who.age !== undefined ? say(this.words.age, { n: who.age }) : "",
          one.new ? this.words.new : "",
        ];
        card.querySelector("[data-name]").textContent = who.name || this.words.nameless;
        card.querySelector("[data-about]").textContent = about.filter(Boolean).join(" · ");
        const done = paths.filter((path) => this.state.get(path) !== undefined).length;
        const open = paths.filter((path) => this.state.open(path, this.found.soft[path]).length && this.touched.has(path)).length;
        const left = card.querySelector("[data-left]");
        left.textContent = open ? say(this.words.open, { n: open }) : say(this.words.done, { n: done, all: paths.length });
        left.className = `sv-m__n${open ? " sv-m__n--ask" : done === paths.length ? " sv-m__n--ok" : ""}`;
        this.copyButton(card, step, uid);
      }
      const here = cards.filter((card) => !card.hidden);
      here.forEach((card, place) => {
        const next = card.querySelector("[data-next]");
        const after = here[place + 1];
        next.hidden = this.paper || !after;
        if (after) next.textContent = say(this.words.next_person, { name: this.state.who(after.dataset.uid).name || this.words.nameless });
      });
    }
  }

  answerable(path) {
    return !["info", "total"].includes(this.state.field(path).type);
  }

  totals() {
    const sums = this.state.sums();
    const text = (value) => (value === null ? "—" : separated(value));
    for (const node of this.form.querySelectorAll("[data-sum]")) {
      const name = node.dataset.sum;
      node.textContent = name === "heads" ? say(this.words.heads, { n: sums.heads }) : text(sums[name]);
    }
    byId("sum").textContent = say(this.words.sum, { net: text(sums.net), per_head: text(sums.per_head) });
  }

  // -- steps ------------------------------------------------------------------------------------------------------------------------

  /** [{id, title}] of what is asked now, the check at the end. */
  steps() {
    const found = this.definition.steps.filter((step) => this.state.stepShown(step));
    return [...found, { id: CHECK, title: this.words.check }];
  }

  steplist() {
    const list = byId("steps").firstElementChild;
    const steps = this.steps();
    const { found } = this;
    const state = (step) => {
      if (step.id === CHECK) return ["", ""];
      const own = found.asked.filter((path) => this.state.field(path).step === step.id && this.answerable(path));
      const red = own.filter((path) => this.state.raw[path] || found.hard[path]).length;
      if (red) return [say(this.words.red, { n: red }), "red"];
      const open = own.filter((path) => this.touched.has(path) && this.state.open(path, found.soft[path]).length).length;
      if (open) return [say(this.words.open, { n: open }), "amber"];
      const done = own.filter((path) => this.state.get(path) !== undefined).length;
      if (done === own.length) return [this.words.all_done, "green"];
      return [done ? say(this.words.done, { n: done, all: own.length }) : "", ""];
    };
    const items = steps.map((step, place) => {
      const [text, tone] = state(step);
      const button = make("button", { type: "button" }, make("span", {}, `${place + 1}. ${step.title}`), make("span", { className: `sv-steps__s ${tone}` }, text));
      button.dataset.go = step.id;
      if (step.id === this.at.step) button.setAttribute("aria-current", "step");
      return make("li", {}, button);
    });
    // Built anew only when something in it changed, so that a focused entry stays.
    const key = items.map((item) => item.textContent).join("|") + this.at.step;
    if (list.dataset.key === key) return;
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.go : null;
    list.dataset.key = key;
    while (list.firstChild) list.firstChild.remove();
    list.append(...items);
    if (held !== null) ([...list.querySelectorAll("button")].find((one) => one.dataset.go === held) || list.querySelector("button")).focus();
  }

  menu(open) {
    byId("steps").hidden = !open;
    byId("where").setAttribute("aria-expanded", String(open));
    if (open) (byId("steps").querySelector("[aria-current]") || byId("steps").querySelector("button")).focus();
  }

  step(by) {
    const steps = this.steps();
    const place = steps.findIndex((one) => one.id === this.at.step);
    const next = steps[Math.min(Math.max(place + by, 0), steps.length - 1)];
    this.save(true);
    this.show(next.id);
  }

  /** Show a step and give its heading, or the control of `path`, the focus. */
  show(id, { path = "", push = true } = {}) {
    this.at.step = id;
    if (!path) this.at.path = "";
    const steps = this.steps();
    const place = steps.findIndex((one) => one.id === id);
    for (const section of this.sections) section.hidden = this.paper ? !steps.some((one) => one.id === section.dataset.step) : section.dataset.step !== id;
    const section = this.section(id);
    byId("where-text").textContent = say(this.words.step, { n: place + 1, all: steps.length });
    byId("where-title").textContent = ` · ${steps[place].title}`;
    const progress = byId("progress");
    progress.max = steps.length;
    progress.value = place + 1;
    byId("back").hidden = place === 0 || this.paper;
    byId("next").textContent = id === CHECK ? this.words.finish : this.paper ? this.words.check : this.words.next;
    byId("sum").hidden = !("sums" in section.dataset) && !this.paper;
    if (id === CHECK) checkPage(this);
    if (push && !this.paper) history.pushState({ step: id }, "");
    else history.replaceState({ step: id }, "");
    this.refresh();
    this.openFirst(section, path);
    const box = path && this.boxes.get(path);
    const target = (box && !box.hidden && focusable(box)) || section.querySelector("h1");
    target.focus();
    if (!box) scrollTo(0, 0);
    else target.scrollIntoView({ block: "center" });
  }

  /** Of a step with members, one card is open: that of the path asked for, else the first with something left to answer. */
  openFirst(section, path) {
    const cards = [...section.querySelectorAll("[data-card]")].filter((card) => !card.hidden);
    if (!cards.length || this.paper) return;
    const wanted = path && cards.find((card) => path.startsWith(`${card.dataset.uid}/`));
    const open = cards.some((card) => card.open);
    if (wanted) wanted.open = true;
    else if (!open) (cards.find((card) => !card.querySelector(".sv-m__n--ok")) || cards[0]).open = true;
  }

  // -- keeping ----------------------------------------------------------------------------------------------------------------------

  /** Save soon: at most half a second after a key. */
  later() {
    this.dirty = true;
    if (!this.timer) this.timer = setTimeout(() => this.save(), this.keeper.wait || 400);
  }

  /** Save now. Saves follow one another; what is typed meanwhile is in the next. */
  save(now = false) {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.dirty || !this.lease.held || this.over) return this.saving;
    this.dirty = false;
    this.state.effort.seconds += this.spent();
    const record = this.state.record(this.at);
    this.saving = this.saving
      .then(() => this.keeper.save(record, now))
      .then(() => this.saved(), (error) => this.unsaved(error));
    return this.saving;
  }

  saved() {
    this.failed = false;
    const clock = new Date();
    const time = `${String(clock.getHours()).padStart(2, "0")}:${String(clock.getMinutes()).padStart(2, "0")}`;
    const text = say(this.keeper.online ? this.words.saved_online : this.words.saved, { time });
    const line = byId("saved");
    if (line.textContent !== text) line.textContent = text;
    line.className = "saved";
  }

  unsaved(error) {
    this.dirty = true;
    this.failed = true;
    const line = byId("saved");
    line.className = "saved saved--not";
    line.textContent = error.say || this.words.unsaved;
    if (!this.timer) this.timer = setTimeout(() => this.save(), 5000);
  }

  /** One sentence for something that went wrong beside the typing. */
  trouble(error) {
    this.tell(error.say || this.words.trouble, true);
  }

  tell(sentence, stay = false) {
    const note = byId("note");
    note.textContent = sentence;
    note.hidden = false;
    clearTimeout(this.quiet);
    if (!stay) this.quiet = setTimeout(() => (note.hidden = true), 2500);
  }

  // -- one window writes --------------------------------------------------------------------------------------------------------------

  readOnly(on) {
    byId("all").disabled = on;
    for (const own of this.pads.values()) own.off(on);
    const note = byId("note");
    if (!on) {
      note.hidden = true;
      return;
    }
    const button = make("button", { type: "button", className: "btn btn--s" }, this.words.take);
    button.addEventListener("click", async () => {
      await this.lease.take();
      location.reload(); // what the other window typed last is read anew
    });
    note.textContent = "";
    note.append(make("p", {}, this.words.elsewhere), button);
    note.hidden = false;
  }

  /** Another window writes now. */
  lost() {
    clearTimeout(this.timer);
    this.lease.held = false;
    this.readOnly(true);
    byId("note").focus();
  }

  // -- the end ----------------------------------------------------------------------------------------------------------------------

  async finish() {
    const found = this.state.check();
    const blocked = Object.keys(found.hard).length + found.missing.length + Object.keys(this.state.raw).length + this.unsaid().length;
    if (blocked) {
      checkPage(this);
      byId("problems").focus();
      return;
    }
    const button = byId("next");
    button.disabled = true;
    await this.save(true);
    this.state.effort.seconds += this.spent();
    try {
      const answer = await this.keeper.finish(this.state.body());
      this.over = true;
      this.lease.release();
      this.done(answer || {});
    } catch (error) {
      button.disabled = false;
      for (const { path, say: sentence } of error.problems || []) {
        const box = this.boxes.get(path);
        if (box) this.mark(path, box, sentence);
      }
      this.tell(error.say || this.words.trouble, true);
      byId("note").focus();
    }
  }

  /** New members of whom it is not said why or since when. */
  unsaid() {
    return this.state.members.filter((one) => one.new && !(one.joined.reason && one.joined.on)).map((one) => one.uid);
  }

  done({ survey }) {
    this.form.hidden = byId("wz").hidden = byId("note").hidden = byId("mode").hidden = true;
    byId("steps").hidden = true;
    const gate = byId("gate");
    const title = byId("gate-title");
    const text = byId("gate-text");
    title.textContent = say(this.words.done_title, { name: this.householder() });
    text.textContent = "";
    const next = this.paper ? `/surveys/key-in/?done=${survey || this.state.draft.uid}` : "/collect/";
    text.append(
      make("p", { className: "note note--ok" }, this.keeper.online ? this.words.done_online : this.words.done_phone),
      make("p", { className: "sv-after" }, make("a", { className: "btn btn--p", href: next }, this.paper ? this.words.next_sheet : this.words.home)),
    );
    gate.hidden = false;
    title.focus();
    scrollTo(0, 0);
    if (this.paper) location.assign(next);
  }
}
