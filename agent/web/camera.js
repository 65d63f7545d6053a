/* Codes by the device's camera: the browser's own reader where it has one, else zxing
   (WebAssembly), which the agent serves where it is installed. Pictures stay in this page. */

const FORMATS = ["QRCode", "Code128", "Aztec", "PDF417", "DataMatrix"];
const NATIVE = ["qr_code", "code_128", "aztec", "pdf417", "data_matrix"];
const LOOK_EVERY_MS = 120;
const GONE_MS = 2500; /* a ticket that was away so long is shown anew */
const WIDTH = 960; /* enough for a ticket at arm's length, and quick */

let decoder = null;

async function nativeDecoder() {
  const known = (await globalThis.BarcodeDetector?.getSupportedFormats?.()) ?? [];
  if (!known.includes("qr_code") || !known.includes("code_128")) return null;
  const detector = new BarcodeDetector({ formats: NATIVE.filter((f) => known.includes(f)) });
  return async (video) => (await detector.detect(video))[0]?.rawValue;
}

async function zxingDecoder() {
  const zxing = await import("/gate/camera/reader/index.js");
  await zxing.prepareZXingModule({ overrides: { locateFile: (name) => `/gate/camera/${name}` }, fireImmediately: true });
  const canvas = new OffscreenCanvas(1, 1), pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const found = await zxing.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), { formats: FORMATS, maxNumberOfSymbols: 1 });
    return found.find((code) => code.isValid)?.text;
  };
}

export const possible = () => Boolean(navigator.mediaDevices?.getUserMedia);

/* Gives stop(). Throws "decoder" where there is none, or what getUserMedia throws. */
export async function watch(video, onCode) {
  decoder ??= (await nativeDecoder()) ?? (await zxingDecoder().catch(() => { throw new Error("decoder"); }));
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  let on = true, seen = "", seenAt = 0;
  video.srcObject = stream;
  await video.play();
  (async () => {
    while (on) {
      const code = video.videoWidth ? await decoder(video).catch(() => "") : "";
      const now = performance.now();
      if (code && on) {
        if (code !== seen || now - seenAt > GONE_MS) onCode(code);
        seen = code;
        seenAt = now;
      }
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
  })();
  return () => {
    on = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}
