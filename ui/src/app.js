import "./page.js";
import "./elements.js";
