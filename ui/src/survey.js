// The form page.
import { main } from "./survey/form.js";

main();
