// The form page. What the other scripts of the page share with it hangs on one name.
import * as idcard from "./idcard.js";
import * as around from "./survey/around.js";
import * as board from "./survey/board.js";
import * as decimal from "./survey/decimal.js";
import * as fields from "./survey/fields.js";
import { main } from "./survey/form.js";
import * as keeping from "./survey/keeping.js";
import * as people from "./survey/people.js";
import * as rules from "./survey/rules.js";
import * as state from "./survey/state.js";
import * as steps from "./survey/steps.js";

self.survey = { around, board, decimal, fields, idcard, keeping, people, rules, state, steps };
main();
