// Custom elements in the light DOM: they wake up by themselves after an htmx swap, and the page works without them.
import { inWords, parse, plain, separated } from "./reading.js";
import { read, tidy } from "./idcard.js";

const FAR = 5; // times as much, or a fifth: the usual slip is one zero

/** <money-field>: separators, the reading in words, and a question when far from last year's sum (data-last of the input). */
class MoneyField extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.reading = this.querySelector(".read");
    if (!this.input || this.ready) return;
    this.ready = true;
    this.input.addEventListener("input", () => this.echo());
    this.input.addEventListener("change", () => {
      this.input.value = separated(this.input.value);
      this.echo();
      this.ask();
    });
    this.echo();
  }

  echo() {
    const chinese = document.documentElement.lang.startsWith("zh"); // the words are, and help nobody on an English page
    const long = parse(this.input.value) && Number(plain(this.input.value)) >= 1000;
    const words = chinese && long ? inWords(this.input.value) : "";
    this.reading.textContent = words && this.dataset.read + words;
  }

  ask() {
    const last = Number(this.input.dataset.last);
    const now = parse(this.input.value) ? Number(plain(this.input.value)) : 0;
    const far = last > 0 && now > 0 && (now >= last * FAR || now <= last / FAR);
    this.close();
    if (!far || this.accepted === now) return;
    this.classList.add("asking");
    this.question = document.createElement("div");
    const sentence = document.createElement("p");
    sentence.className = "ask";
    sentence.setAttribute("role", "status");
    sentence.textContent = this.dataset.ask.replace("{last}", separated(String(last)));
    const buttons = document.createElement("div");
    buttons.className = "btns";
    buttons.append(
      this.button(this.dataset.again, () => this.input.select()),
      this.button(this.dataset.right, () => {
        this.accepted = now;
      }),
    );
    this.question.append(sentence, buttons);
    this.append(this.question);
  }

  button(text, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--s";
    button.textContent = text;
    button.addEventListener("click", () => {
      this.close();
      this.input.focus();
      act();
    });
    return button;
  }

  close() {
    this.classList.remove("asking");
    if (this.question) this.question.remove();
    this.question = null;
  }
}

/** <id-card-field>: says what is wrong with the number, or fills birthday and sex from it. */
class IdCardField extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.say = this.querySelector("[data-say]");
    if (!this.input || this.ready) return;
    this.ready = true;
    this.input.addEventListener("change", () => this.check());
    this.input.addEventListener("input", () => tidy(this.input.value).length === 18 && this.check());
  }

  check() {
    const paper = document.getElementById(this.input.dataset.document || "");
    const number = tidy(this.input.value);
    if (!number || number.includes("*") || (paper && paper.value && paper.value !== "id")) return this.tell("");
    this.input.value = number;
    const { wrong, birthday, sex } = read(number);
    if (wrong) return this.tell(this.dataset[wrong].replace("{n}", number.length), "ask");
    const filled = [this.fill(this.input.dataset.birthday, birthday), this.fill(this.input.dataset.sex, sex)];
    this.tell(filled.some(Boolean) ? this.dataset.filled : "", "auto");
  }

  /** Sets an input, a select or a group of radios; values may be "male"/"female", "1"/"2" or 男/女. True when something was set. */
  fill(id, value) {
    const target = id && document.getElementById(id);
    if (!target) return false;
    const wanted = { male: ["male", "1", "男"], female: ["female", "2", "女"] }[value] || [value];
    if (target.tagName === "INPUT") target.value = value;
    else if (target.tagName === "SELECT") {
      const option = [...target.options].find((one) => wanted.includes(one.value) || wanted.includes(one.text));
      if (!option) return false;
      target.value = option.value;
    } else {
      const radio = [...target.querySelectorAll("input")].find((one) => wanted.includes(one.value));
      if (!radio) return false;
      radio.checked = true;
    }
    target.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  tell(sentence, look = "ask") {
    this.say.hidden = !sentence;
    this.say.className = look;
    this.say.textContent = sentence;
  }
}

/** <bulk-select>: the bar [data-bar] appears when something is ticked and counts it; [data-all] ticks the page. */
class BulkSelect extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.addEventListener("change", (event) => {
      if (event.target.matches("[data-all]")) this.boxes().forEach((box) => (box.checked = event.target.checked));
      this.count();
    });
    this.addEventListener("htmx:afterSettle", () => this.count());
    this.count();
  }

  boxes() {
    return [...this.querySelectorAll("input.pick:not([data-all])")];
  }

  count() {
    const boxes = this.boxes();
    const ticked = boxes.filter((box) => box.checked).length;
    const all = this.querySelector("[data-all]");
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    const bar = this.querySelector("[data-bar]");
    if (!bar) return;
    bar.hidden = ticked === 0;
    const text = bar.querySelector("[data-count]");
    if (text) text.textContent = (this.dataset.words || "{n}").replace("{n}", ticked);
  }
}

/** <region-picker>: its links answer in place instead of leaving the form one is filling. */
class RegionPicker extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    const own = this.querySelector("form");
    this.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || own || !window.htmx) return;
      event.preventDefault();
      this.go(link.getAttribute("href"));
    });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || own || !event.target.matches("[data-q]")) return;
      event.preventDefault();
      this.find();
    });
    this.addEventListener("input", (event) => {
      if (own || !event.target.matches("[data-q]")) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), 300);
    });
  }

  find() {
    clearTimeout(this.timer);
    const box = this.querySelector("[data-q]");
    this.go(`${box.dataset.url}&q=${encodeURIComponent(box.value)}`, true);
  }

  go(url, typing) {
    const { id } = this;
    window.htmx.ajax("GET", url, { target: this, swap: "outerHTML", source: this }).then(() => {
      const fresh = document.getElementById(id);
      if (!fresh) return;
      const box = fresh.querySelector("[data-q]");
      if (typing) {
        box.focus();
        box.setSelectionRange(box.value.length, box.value.length);
      } else (fresh.querySelector(".picker__list a") || box).focus();
      fresh.dispatchEvent(new Event("change", { bubbles: true }));
    }, () => {}); // page.js has told the user
  }
}

const ELEMENTS = {
  "money-field": MoneyField,
  "id-card-field": IdCardField,
  "bulk-select": BulkSelect,
  "region-picker": RegionPicker,
};
for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
