// The softphone page: what people see and press. The calls themselves are made by switchhook.js.

import { SwitchhookClient } from './switchhook.js';

const TOKEN = 'switchhook.token';
const SETTINGS = 'switchhook.sound';
const element = (id) => document.getElementById(id);
const show = (id, isShown) => { element(id).hidden = !isShown; };
const setText = (id, text) => {
  // A live region that is given the same text again may speak again.
  if (element(id).textContent !== text) element(id).textContent = text;
};

const REASONS = {
  busy: 'busy',
  declined: 'declined',
  not_found: 'there is no such number',
  unavailable: 'not available',
  timeout: 'no answer',
  forbidden: 'this number is not allowed',
  media: 'no sound could be set up',
  route_down: 'the other network can’t be reached',
  cancelled: 'cancelled',
  answered_elsewhere: 'answered on another device',
  declined_elsewhere: 'declined on another device',
  connection_lost: 'the connection was lost',
  media_timeout: 'no sound came any more',
  session_expired: 'the other side was lost',
  time_limit: 'the time limit is reached',
  transferred: 'handed over',
  overloaded: 'the gateway is too busy',
  shutting_down: 'the gateway is shutting down',
  rate_limited: 'too many calls in a short time',
  limit_reached: 'too many calls at once',
  offline: 'there is no connection to the gateway',
  microphone: 'the microphone can’t be used',
  hung_up: '',
};

// MARK: - The token

/** The token of the link, which leaves the address bar at once; it stays with this tab alone. */
function takeToken() {
  const url = new URL(location.href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const token = url.searchParams.get('token') ?? fragment.get('token');
  if (token === null) return sessionStorage.getItem(TOKEN);
  sessionStorage.setItem(TOKEN, token);
  url.searchParams.delete('token');
  url.hash = '';
  history.replaceState(null, '', url);
  return token;
}

// MARK: - Sound

const isRaw = new URLSearchParams(location.search).get('raw') === '1';
const settings = readSettings();

function readSettings() {
  const usual = {
    microphone: '', speaker: '', echoCancellation: !isRaw, noiseSuppression: !isRaw, autoGainControl: !isRaw,
  };
  if (isRaw) return usual;
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(SETTINGS) ?? '{}') };
  } catch {
    return usual;
  }
}

function keepSettings() {
  if (!isRaw) localStorage.setItem(SETTINGS, JSON.stringify(settings));
}

function microphoneConstraints() {
  const { microphone, echoCancellation, noiseSuppression, autoGainControl } = settings;
  return {
    echoCancellation, noiseSuppression, autoGainControl, ...(microphone && { deviceId: { ideal: microphone } }),
  };
}

let context = null;

/** Sound that the page makes or measures itself; a browser lets it start once somebody has touched the page. */
function audioContext() {
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {});
  return context;
}

/** A tone that comes and goes: ringing here, or at the other side. */
class Ringer {
  #timer = 0;
  #kind = null;

  play(kind) {
    if (kind === this.#kind) return;
    this.#kind = kind;
    clearInterval(this.#timer);
    navigator.vibrate?.(0);
    if (!kind) return;
    const ring = kind === 'incoming' ? () => this.#ring() : () => this.#beep([425], 1, 0.05);
    ring();
    this.#timer = setInterval(ring, kind === 'incoming' ? 3_000 : 5_000);
  }

  #ring() {
    navigator.vibrate?.([400, 200, 400]);
    this.#beep([660, 880], 1.2, 0.08);
  }

  #beep(frequencies, seconds, volume) {
    const audio = audioContext();
    if (audio.state !== 'running') return;
    const gain = audio.createGain();
    const now = audio.currentTime;
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(volume, now + 0.05);
    gain.gain.setValueAtTime(volume, now + seconds - 0.1);
    gain.gain.linearRampToValueAtTime(0, now + seconds);
    gain.connect(audio.destination);
    for (const frequency of frequencies) {
      const oscillator = audio.createOscillator();
      oscillator.frequency.value = frequency;
      oscillator.connect(gain);
      oscillator.start(now);
      oscillator.stop(now + seconds);
    }
  }
}

/** How loud, and how high, the sound of a stream is. */
class Meter {
  #source = null;
  #analyser = null;
  #samples = null;
  #spectrum = null;

  listen(stream) {
    this.stop();
    const audio = audioContext();
    this.#analyser = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#spectrum = new Float32Array(this.#analyser.frequencyBinCount);
    this.#source = audio.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  stop() {
    this.#source?.disconnect();
    this.#source = null;
    this.#analyser = null;
  }

  /** The level in dB of full scale and the strongest frequency in Hz; 0 where there is silence. */
  read() {
    if (!this.#analyser) return { level: -99, frequency: 0 };
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    const level = power > 0 ? Math.max(-99, 10 * Math.log10(power)) : -99;
    if (level < -60) return { level, frequency: 0 };
    this.#analyser.getFloatFrequencyData(this.#spectrum);
    const spectrum = this.#spectrum;
    let peak = 1;
    for (let bin = 2; bin < spectrum.length - 1; bin += 1) if (spectrum[bin] > spectrum[peak]) peak = bin;
    // The top of the parabola through the three highest points.
    const [left, top, right] = [spectrum[peak - 1], spectrum[peak], spectrum[peak + 1]];
    const bend = left - 2 * top + right;
    const shift = Number.isFinite(bend) && bend < 0 ? (left - right) / (2 * bend) : 0;
    return { level, frequency: ((peak + shift) * context.sampleRate) / (2 * spectrum.length) };
  }
}

const ringer = new Ringer();
const meter = new Meter();

// MARK: - The phone

const client = new SwitchhookClient({ token: '', audio: microphoneConstraints });
/** The call that is talked in, dialled or just over; a second one that rings; those on hold. */
let current = null;
let ringing = null;
let note = '';
/** What went wrong just now, for as long as it takes to read. */
let alertText = '';
let alertTimer = 0;
/** Which of the two sides the gateway has heard nothing of lately. */
let silent = '';
let sentDigits = '';
/** The number field asks whom the call is handed over to. */
let isHandingOver = false;
/** No connection was ever made with this token. */
let isStuck = false;

function nameOf(call) { return call.peerName || `${call.peerId}`; }

function stateOf(call) {
  const name = nameOf(call);
  if (call.held) return `${name} is on hold`;
  if (call.heldByPeer) return `${name} has put you on hold`;
  switch (call.state) {
    case 'dialling': return `Calling ${name}`;
    case 'ringing': return `Ringing: ${name}`;
    case 'connecting': return `Connecting to ${name}`;
    case 'active':
      return `In call with ${name}${call.muted ? ', microphone muted' : ''}${silent && `; ${silent}`}`;
    case 'reconnecting': return `Reconnecting to ${name}`;
    case 'ended': return 'Call ended';
  }
}

function stateOfPage() {
  if (client.state === 'refused') return 'The access token is no longer good';
  if (current) {
    const isAway = client.state === 'reconnecting';
    return stateOf(current) + (isAway ? '. The connection to the gateway was lost, trying again' : '');
  }
  if (client.state === 'online') return note || 'Ready';
  if (client.state === 'closed') return 'Not connected';
  return (client.state === 'reconnecting' ? 'Connection lost, trying again' : 'Connecting') + (note && `. ${note}`);
}

function render() {
  const isConnected = client.state !== 'closed' && client.state !== 'refused';
  document.body.dataset.state = current ? current.state : client.state;
  document.body.dataset.connection = client.state;
  setText('connection', client.userId === undefined ? '' : `You are ${client.userId}`);
  setText('state', stateOfPage());
  show('login', !isConnected || isStuck);
  show('dial', isConnected && (!current || isHandingOver));
  setText('go', current ? 'Hand over' : 'Call');
  show('keypad', isConnected && (!current || current.answeredAt !== null || current.earlyMedia));
  show('sound', isConnected);
  show('quality', current?.answeredAt != null || current?.earlyMedia === true);

  show('incoming', ringing !== null);
  if (ringing) {
    setText('incoming-who', nameOf(ringing));
    setText('incoming-id', `${ringing.peerId}` === nameOf(ringing) ? '' : `${ringing.peerId}`);
  }
  setText('alert', ringing ? `Incoming call from ${nameOf(ringing)}` : alertText);
  // The card says it to those who see.
  element('alert').classList.toggle('visually-hidden', ringing !== null || !alertText);
  document.title = ringing ? `${nameOf(ringing)} is calling` : 'Switchhook';

  show('call', current !== null);
  if (current) {
    setText('call-who', nameOf(current));
    const isAnswered = current.answeredAt !== null;
    for (const id of ['mute', 'hold', 'transfer']) element(id).disabled = !isAnswered;
    element('mute').setAttribute('aria-pressed', `${current.muted}`);
    element('hold').setAttribute('aria-pressed', `${current.held}`);
    element('transfer').setAttribute('aria-expanded', `${isHandingOver}`);
  }
  show('digits', sentDigits !== '' && current !== null);
  setText('digits', `Sent: ${sentDigits}`);
  renderOthers();

  const isRingingThere = current?.direction === 'outgoing' && current.state === 'ringing' && !current.earlyMedia;
  ringer.play(ringing ? 'incoming' : isRingingThere ? 'outgoing' : null);
}

function renderOthers() {
  const others = client.calls.filter((call) => call !== current && call !== ringing && call.answeredAt);
  show('others', others.length > 0);
  element('others').replaceChildren(
    ...others.flatMap((call) => [
      button(`Switch to ${nameOf(call)}`, () => talkTo(call)),
      ...(current?.answeredAt ? [button(`Join with ${nameOf(call)}`, () => current?.transferTo(call).catch(report))] : []),
    ])
  );
}

function button(text, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  button.onclick = act;
  return button;
}

/** Makes a call the one that is talked in; another one waits on hold. */
function talkTo(call) {
  const old = current;
  if (old && old !== call && old.answeredAt && !old.held) old.hold().catch(report);
  current = call;
  isHandingOver = false;
  note = '';
  sentDigits = '';
  silent = '';
  if (call.remoteStream) listen(call.remoteStream);
  if (call.held) call.resume().catch(report);
  render();
  element('call-who').focus();
}

function follow(call) {
  call.addEventListener('statechange', render);
  call.addEventListener('media', () => { if (call === current) listen(call.remoteStream); });
  call.addEventListener('quality', ({ detail }) => { if (call === current) showGatewayQuality(detail); });
  call.addEventListener('dtmf', ({ detail: { digits } }) => { if (call === current) say(`${nameOf(call)} pressed ${digits}`); });
  call.addEventListener('ended', ({ detail }) => ended(call, detail));
}

function ended(call, { reason, error }) {
  const why = REASONS[reason] ?? reason;
  const detail = reason === 'microphone' && error ? `${why} (${error.message})` : why;
  note = `${call.direction === 'incoming' && !call.answeredAt ? 'Missed call from' : 'Call ended:'} ${nameOf(call)}` +
    (detail && `, ${detail}`);
  if (call === ringing) {
    ringing = null;
    if (['cancelled', 'timeout', 'connection_lost'].includes(reason)) note = `Missed call from ${nameOf(call)}`;
    else if (reason === 'declined') note = `Declined: ${nameOf(call)}`;
    else note = `${nameOf(call)}: ${why}`;
  }
  if (call === current) {
    const hadFocus = element('call').contains(document.activeElement) || document.activeElement === document.body;
    current = null;
    isHandingOver = false;
    silence();
    const waiting = client.calls.find((other) => other !== ringing && other.answeredAt);
    if (waiting) {
      // Taken off hold by hand: nobody is to be heard unawares.
      current = waiting;
      if (waiting.remoteStream) listen(waiting.remoteStream);
    }
    render();
    if (hadFocus && !waiting) element('number').focus({ preventScroll: true });
    return;
  }
  render();
}

function say(text) {
  alertText = text;
  clearTimeout(alertTimer);
  alertTimer = setTimeout(() => {
    alertText = '';
    render();
  }, 8_000);
  render();
}

function report(error) { say(error.message); }

function dial() {
  const number = element('number').value.trim();
  if (!number) return;
  if (current) {
    handOver(number);
    return;
  }
  audioContext();
  const call = client.call(number);
  follow(call);
  talkTo(call);
}

function handOver(number) {
  isHandingOver = false;
  current.transfer(number).catch(report);
  say(`Handing ${nameOf(current)} over to ${number}`);
}

async function answer() {
  const call = ringing;
  if (!call) return;
  audioContext();
  element('answer').disabled = true;
  try {
    await call.answer();
  } catch (error) {
    report(new Error(`The microphone can’t be used (${error.message})`));
    return;
  } finally {
    element('answer').disabled = false;
  }
  if (call.state === 'ended') return;
  ringing = null;
  talkTo(call);
}

function press(key) {
  if (current && !isHandingOver) {
    sentDigits = (sentDigits + key).slice(-24);
    current.sendDigits(key).catch(report);
    render();
  } else {
    element('number').value += key;
  }
}

// MARK: - What is heard

function listen(stream) {
  element('audio').srcObject = stream;
  element('audio').play().catch(() => {});
  meter.listen(stream);
}

function silence() {
  element('audio').srcObject = null;
  meter.stop();
  for (const id of ['round-trip', 'jitter', 'loss', 'codec']) setText(id, '–');
  for (const id of ['gateway-own', 'gateway-other']) setText(id, '');
  silent = '';
  measureLevel();
}

function measureLevel() {
  const { level, frequency } = meter.read();
  element('level').value = Math.max(-60, level);
  const heard = element('heard');
  heard.dataset.frequency = frequency.toFixed(1);
  heard.dataset.level = level.toFixed(1);
  heard.textContent = frequency > 0 ? `${Math.round(frequency)} Hz, ${Math.round(level)} dB` : 'silence';
  if (current?.answeredAt) {
    const seconds = Math.floor((Date.now() - current.answeredAt) / 1_000);
    setText('call-time', `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`);
  } else {
    setText('call-time', '');
  }
}

async function measureQuality() {
  if (!current) return;
  const call = current;
  const quality = await call.quality().catch(() => null);
  if (!quality || call !== current) return;
  const milliseconds = (seconds) => (seconds === null ? '–' : `${Math.round(seconds * 1_000)} ms`);
  setText('round-trip', milliseconds(quality.roundTrip));
  setText('jitter', milliseconds(quality.jitter));
  setText('loss', quality.loss === null ? '–' : `${(quality.loss * 100).toFixed(1)} %`);
  setText('codec', quality.codec ?? '–');
}

/** What the gateway measures on its way to each side, and whether one of the two can't be heard. */
function showGatewayQuality({ own, other }) {
  const text = (who, quality) => {
    if (!quality) return '';
    const roundTrip = quality.round_trip_ms === undefined ? '' : `, round trip ${quality.round_trip_ms} ms`;
    return `${who}: loss ${quality.loss_per_mille / 10} %, jitter ${quality.jitter_ms} ms${roundTrip}`;
  };
  setText('gateway-own', text('Gateway to you', own));
  setText('gateway-other', text('Gateway to the other side', other));
  silent = own?.silent ? 'your microphone does not get through' : other?.silent ? 'nothing comes from the other side' : '';
  render();
}

// MARK: - Devices

async function listDevices() {
  const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
  const fill = (id, kind, name) => {
    const found = devices.filter((device) => device.kind === kind && device.deviceId);
    const options = found.map(({ deviceId, label }, index) => new Option(label || `${name} ${index + 1}`, deviceId));
    element(id).replaceChildren(new Option(`Usual ${name.toLowerCase()}`, ''), ...options);
    element(id).value = found.some(({ deviceId }) => deviceId === settings[id]) ? settings[id] : '';
  };
  fill('microphone', 'audioinput', 'Microphone');
  fill('speaker', 'audiooutput', 'Speaker');
  show('speaker-choice', 'setSinkId' in element('audio'));
}

async function chooseMicrophone() {
  keepSettings();
  if (!current) return;
  try {
    await current.useMicrophone(await client.openMicrophone());
  } catch (error) {
    report(new Error(`This microphone can’t be used (${error.message})`));
  }
}

function chooseSpeaker() {
  element('audio').setSinkId?.(settings.speaker).catch(() => {});
}

// MARK: - Start

function connect(token) {
  client.close();
  isStuck = false;
  client.token = token;
  client.connect();
  render();
}

client.addEventListener('statechange', () => {
  if (client.state === 'refused') sessionStorage.removeItem(TOKEN);
  render();
});
client.addEventListener('session', () => {
  if (isStuck) note = '';
  isStuck = false;
  render();
});
client.addEventListener('retry', ({ detail: { attempt } }) => {
  // A refused token looks like any other failure to a page.
  if (client.userId !== undefined || attempt < 3) return;
  isStuck = true;
  note = 'If this lasts, the access token may have expired';
  render();
});
client.addEventListener('incoming', ({ detail: { call } }) => {
  follow(call);
  // A third call waits for nobody; its caller hears that we are busy.
  if (ringing) {
    call.reject('busy');
    return;
  }
  ringing = call;
  note = '';
  render();
});
client.addEventListener('error', ({ detail: { error } }) => report(error));

element('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = element('token').value.trim();
  element('token').value = '';
  sessionStorage.setItem(TOKEN, token);
  connect(token);
});
element('dial').addEventListener('submit', (event) => {
  event.preventDefault();
  dial();
});
element('answer').addEventListener('click', answer);
element('reject').addEventListener('click', () => ringing?.reject());
element('hang-up').addEventListener('click', () => current?.hangUp());
element('mute').addEventListener('click', () => current?.mute(!current.muted));
element('hold').addEventListener('click', () => (current?.held ? current.resume() : current?.hold())?.catch(report));
element('transfer').addEventListener('click', () => {
  isHandingOver = !isHandingOver;
  if (isHandingOver) element('number').value = '';
  render();
  if (isHandingOver) element('number').focus();
});
element('keypad').addEventListener('click', ({ target }) => {
  const key = target.closest('button');
  if (key) press(key.value);
});
element('keypad').addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[0-9*#]$/.test(event.key)) return;
  event.preventDefault();
  press(event.key);
});

for (const id of ['microphone', 'speaker']) {
  element(id).addEventListener('change', () => {
    settings[id] = element(id).value;
    keepSettings();
    if (id === 'microphone') chooseMicrophone();
    else chooseSpeaker();
  });
}
for (const box of document.querySelectorAll('#sound input[type=checkbox]')) {
  box.checked = settings[box.name];
  box.addEventListener('change', () => {
    settings[box.name] = box.checked;
    chooseMicrophone();
  });
}
element('sound').addEventListener('toggle', listDevices);
navigator.mediaDevices?.addEventListener('devicechange', listDevices);
// Whoever leaves the page leaves the call: the other side need not wait for the gateway to notice.
addEventListener('pagehide', () => client.close());
addEventListener('pageshow', ({ persisted }) => {
  const token = sessionStorage.getItem(TOKEN);
  if (persisted && token) connect(token);
});

setInterval(measureLevel, 200);
setInterval(measureQuality, 1_000);
chooseSpeaker();
listDevices();
const token = takeToken();
if (token) connect(token);
else render();
