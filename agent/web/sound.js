/* One sound for each colour, told apart without looking: two that rise, two that
   are the same, one that is low and long. */

const NOTES = {
  ok: [[880, 0, 0.09], [1320, 0.1, 0.14]],
  warn: [[740, 0, 0.12], [740, 0.18, 0.12]],
  no: [[175, 0, 0.5]],
  none: [[520, 0, 0.1]],
  fault: [[220, 0, 0.2], [175, 0.25, 0.35]],
};
let context = null;

export function play(kind) {
  const notes = NOTES[kind];
  if (!notes || !globalThis.AudioContext) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume(); /* until the first key, browsers keep quiet */
  for (const [pitch, start, length] of notes) {
    const tone = context.createOscillator(), volume = context.createGain();
    const from = context.currentTime + start;
    tone.type = pitch < 300 ? "sawtooth" : "triangle";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.35, from + 0.01);
    volume.gain.setValueAtTime(0.35, from + length - 0.03);
    volume.gain.linearRampToValueAtTime(0, from + length);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + length);
  }
}
