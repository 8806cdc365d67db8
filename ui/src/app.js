import "./page.js";
import "./elements.js";
import "./leaving.js";
import "./menu.js";
import "./waiting.js";
