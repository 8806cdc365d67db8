// What the parts of the form page share. One page is one form.
import { say } from "./fields.js";

/**
 * state, words, keeper, lease, entry, definition; paper: keyboard entry; at {step, path}: where the surveyor is; found: what the last look
 * at the answers said; over: nothing is saved any more.
 */
export const on = { at: { step: "", path: "" }, found: null, over: false };
export const acts = {}; // data-do of a button -> what it does with (path, box, button)
export const more = {}; // what survey-more.js brings: checkPage, choose, end, identity, moved, paint; see bring.js
export const boxes = new Map(); // path -> the box of a field
export const touched = new Set(); // paths that were answered: only those are found fault with

export const byId = (id) => document.getElementById(id);
export const form = () => byId("survey");
export const word = (name, values) => say(on.words[name], values);
export const sections = () => [...form().querySelectorAll(".sv-step")];
export const sectionOf = (step) => sections().find((one) => one.dataset.step === step);
export const pathFor = (node) => (node.closest("[data-path]") || { dataset: {} }).dataset.path || "";
