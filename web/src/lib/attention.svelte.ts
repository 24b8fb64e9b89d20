// Calling the agent's attention: a short sound for a new offer, a number in the title. The sound is made, not loaded.
import { recall, remember } from './i18n/index.svelte';

const STORED = 'guichet.sound';
const state = $state({ sound: recall(STORED) !== 'off' });
let audio: AudioContext | null = null;

export function soundOn(): boolean {
  return state.sound;
}

export function setSound(on: boolean): void {
  state.sound = on;
  remember(STORED, on ? 'on' : 'off');
}

/** Browsers allow sound only after a gesture: called on the first one. */
export function unlockSound(): void {
  try {
    audio ??= new AudioContext();
    void audio.resume();
  } catch {
    audio = null; // No sound device: the offer is still shown and announced.
  }
}

export function chime(): void {
  if (!state.sound || audio?.state !== 'running') return;
  const start = audio.currentTime;
  [659.25, 880].forEach((pitch, index) => tone(audio as AudioContext, pitch, start + index * 0.16));
}

function tone(context: AudioContext, pitch: number, at: number): void {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + 0.55);
}

export function titleWith(count: number, product: string): string {
  return count > 0 ? `(${count}) ${product}` : product;
}
