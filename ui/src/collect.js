// The page 我的调查.
import "./survey/store.js";
