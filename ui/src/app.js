import "./page.js";
import "./elements.js";
import "./leaving.js";
import "./waiting.js";
