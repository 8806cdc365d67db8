// The form page.
import "./survey/store.js";
