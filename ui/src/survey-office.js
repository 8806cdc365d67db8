// The form where one types in the office, or where a device can keep nothing: the server keeps the draft, and paper sheets have their keys.
import { keyboard } from "./survey/keys.js";
import { onlineKeeper } from "./survey/online.js";

self.survey.office = { keyboard, onlineKeeper };
