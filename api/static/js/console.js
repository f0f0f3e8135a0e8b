// What every page of the console runs; each part finds for itself whether the page has what it is for.
import "./ages.js";
import "./forms.js";
import "./line.js";
import "./alarm.js";
import "./keys.js";
import "./push.js";
import "./devices.js";
import "./keeping.js";
import "./steps.js";
import "./scanner.js";
