// Which code does the camera see? Shows the phone's camera above a field, and fills the field with what is read.
//
// The browser's own BarcodeDetector where there is one, else a decoder of ours, which is loaded only then.

const EVERY_MS = 150;
const SIDE = 800; // pixels that are looked at; more only costs time

let stream = null;
let opening = 0;

async function open(camera) {
  const turn = (opening += 1);
  camera.hidden = false;
  // a change of the page that comes in meanwhile leaves it as it is
  camera.dataset.keep = "";
  const say = (words) => { camera.querySelector("p").textContent = camera.dataset[words]; };
  if (!navigator.mediaDevices?.getUserMedia) return say("insecure");
  try {
    const got = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    // closed while the browser asked
    if (turn !== opening) return stop(got);
    stream = got;
    const video = camera.querySelector("video");
    video.srcObject = stream;
    camera.dataset.seeing = "";
    await video.play();
    say("reading");
    const text = await read(video, () => turn === opening);
    if (text) done(camera, text);
  } catch (error) {
    if (turn === opening) say(error.name === "NotAllowedError" || error.name === "SecurityError" ? "denied" : "none");
  }
}

/** What stands in the first code that is seen; null when it is given up. */
async function read(video, goes) {
  const decode = await decoder();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  while (goes()) {
    if (video.videoWidth) {
      const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = await decode(canvas, context);
      if (text) return text;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return null;
}

async function decoder() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => (await detector.detect(canvas))[0]?.rawValue ?? "";
  }
  const { decodeQR } = await import("../vendor/qr-0.7.0/decode.js");
  return async (canvas, context) => {
    try {
      return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      // no code in this picture
      return "";
    }
  };
}

function done(camera, text) {
  const form = camera.closest("form");
  close(camera);
  navigator.vibrate?.(80);
  form.querySelector("input:not([type=hidden])").value = text;
  form.requestSubmit();
}

function close(camera) {
  opening += 1;
  stop(stream);
  stream = null;
  delete camera.dataset.keep;
  delete camera.dataset.seeing;
  camera.hidden = true;
}

function stop(which) {
  for (const track of which?.getTracks() ?? []) track.stop();
}

// in a sheet: as long as it is open
document.addEventListener("toggle", (event) => {
  const camera = event.target.matches("[data-scanner]") && event.target.querySelector(".camera");
  if (!camera) return;
  if (event.newState === "open") open(camera);
  else close(camera);
}, true);

// on a page: with its button, which is there only where scripts run
const button = document.querySelector("[data-scan]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => open(document.querySelector("main .camera")));
}
addEventListener("pagehide", () => {
  opening += 1;
  stop(stream);
});
