// Does anybody hear that somebody waits? Sound, the tab's title and the screen reader, while a critical alert is unanswered.

const AGAIN_MS = 8_000;
const button = document.getElementById("sound");
const announcer = document.getElementById("announce");
const WISH = "anju-sound";

let audio = null;
let wanted = sessionStorage.getItem(WISH) === "on";
let announced = null;
let lastChime = 0;

const waiting = () => [...document.querySelectorAll("[data-alarm]")];

/** Two tones, three times: heard in a noisy room, and not mistaken for a telephone. */
function chime() {
  lastChime = Date.now();
  for (let nth = 0; nth < 3; nth += 1) {
    tone(880, nth * 0.5);
    tone(660, nth * 0.5 + 0.2);
  }
}

function tone(frequency, after) {
  const begins = audio.currentTime + after;
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, begins);
  volume.gain.exponentialRampToValueAtTime(0.5, begins + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, begins + 0.19);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(begins);
  oscillator.stop(begins + 0.2);
}

const isOn = () => wanted && audio?.state === "running";

/** The button says what is true: a wish is not a sound, since browsers want a click on each page first. */
function label() {
  if (!button) return;
  button.dataset.sound = isOn() ? "on" : "off";
  button.textContent = isOn() ? button.dataset.on : wanted || audio ? button.dataset.off : button.dataset.start;
  button.setAttribute("aria-pressed", String(isOn()));
}

async function wake() {
  audio ??= new AudioContext();
  await audio.resume();
  label();
}

function look() {
  const ids = new Set(waiting().map((each) => each.dataset.alarm));
  const fresh = waiting().filter((each) => announced && !announced.has(each.dataset.alarm));
  if (fresh.length && announcer) announcer.textContent = fresh.map((each) => each.dataset.words).join(". ");
  if (fresh.length && isOn()) chime();
  announced = ids;
  const page = document.getElementById("page");
  if (page?.dataset.title) document.title = (ids.size ? `(${ids.size}) ` : "") + page.dataset.title;
}

function remind() {
  if (isOn() && waiting().length && Date.now() - lastChime >= AGAIN_MS) chime();
}

if (button) {
  button.addEventListener("click", async () => {
    wanted = !isOn();
    sessionStorage.setItem(WISH, wanted ? "on" : "off");
    if (wanted) await wake();
    else await audio?.suspend();
    label();
    if (isOn()) chime();
  });
  // whoever wished for sound before gets it back with the first click or key on this page
  for (const kind of ["pointerdown", "keydown"]) {
    addEventListener(kind, (event) => wanted && !isOn() && event.target !== button && wake(), { passive: true });
  }
  if (wanted && navigator.userActivation?.hasBeenActive) wake();
  label();
  setInterval(remind, 1_000);
  document.addEventListener("htmx:after:swap", look);
  look();
}
