// Calls from a web page through a Switchhook gateway: one ES module, no build step, no dependency.
//
//   const client = new SwitchhookClient({ token });
//   client.addEventListener('incoming', ({ detail: { call } }) => call.answer());
//   client.connect();
//   const call = client.call('1001');
//   call.addEventListener('media', () => { audio.srcObject = call.remoteStream; });
//
// The types are in switchhook.d.ts.

const SUBPROTOCOL = 'switchhook.v1';
const REPLY_WITHIN = 10_000;
const TRANSFERRED_WITHIN = 180_000; // Longer than it rings anywhere.
const PROBE_WITHIN = 4_000;
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;
/** How long a call outlives its socket where no word of it comes: the gateway's grace, and a little more. */
const GRACE = 35_000;
/** How long media may be away before somebody does something about it; the callee waits longer, so as not to collide. */
const RESTART_AFTER = { outgoing: 2_000, incoming: 3_500 };
const RESTART_AGAIN_AFTER = 8_000;
const CALLEE_WAITS = 1_500;
const TOKEN_EXPIRED = 4401;

/** What the client and its calls do with each other, and nobody else does. */
const receive = Symbol('receive');
const begin = Symbol('begin');
const adopt = Symbol('adopt');
const networkChanged = Symbol('network changed');
const request = Symbol('request');
const say = Symbol('say');
const forget = Symbol('forget');
const openPeer = Symbol('open peer');

/** Why something was not done: `code` is one of the gateway's error codes, or `offline`, `timeout`, `microphone`. */
export class SwitchhookError extends Error {
  constructor(code, message, action) {
    super(message);
    this.name = 'SwitchhookError';
    this.code = code;
    this.action = action;
  }
}

/** One connection of one user to the gateway, made anew whenever it is lost. */
export class SwitchhookClient extends EventTarget {
  #url;
  #token;
  #options;
  #state = 'closed';
  #socket = null;
  #session = null;
  #resumeToken = null;
  #isResuming = false;
  #retries = 0;
  #retryTimer = 0;
  #serial = 0;
  /** Requests that wait for their reply, by `request_id`. */
  #pending = new Map();
  /** Calls that the gateway has not given an id yet, by the `request_id` of their `start_call`. */
  #starting = new Map();
  #calls = new Map();
  /** Messages of calls that could not be sent; they go out once the calls are resumed. */
  #outbox = [];
  #lostTimer = 0;

  constructor(options = {}) {
    super();
    const { url, token, ...rest } = options;
    this.#url = new URL(url ?? 'ws/call/', globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    this.#token = token;
    this.#options = rest;
  }

  /** `closed`, `connecting`, `online`, `reconnecting` or `refused` (the token is no longer good). */
  get state() { return this.#state; }
  /** Whose token it is, as the gateway says; undefined until it has. */
  get userId() { return this.#session?.user_id; }
  /** The live calls of this page, oldest first. */
  get calls() { return [...this.#starting.values(), ...this.#calls.values()].filter((call) => call.state !== 'ended'); }

  /** Another token, for the next connection. */
  set token(token) { this.#token = token; }

  /** Connects, and stays connected until `close()`. */
  connect() {
    if (this.#state !== 'closed' && this.#state !== 'refused') return;
    this.#retries = 0;
    globalThis.addEventListener?.('online', this.#wentOnline);
    globalThis.document?.addEventListener('visibilitychange', this.#becameVisible);
    this.#become('connecting');
    this.#open();
  }

  /** Ends every call, and the connection. */
  close() {
    for (const call of this.calls) call.hangUp();
    this.#stop('closed');
  }

  /** Calls a user, a phone or any number that the gateway knows; the call starts at once. */
  call(calleeId) {
    const call = new Call(this, { direction: 'outgoing', peerId: calleeId });
    call[begin]();
    return call;
  }

  /** Sends an instant message to a user or a phone. */
  async sendMessage(peerId, text) { await this[request]('send_message', { peer_id: peerId, text }); }

  // Inside: what calls ask of the client

  /** The microphone; an app may bring audio of its own. */
  async openMicrophone() {
    const { getMedia, audio = true } = this.#options;
    try {
      if (getMedia) return await getMedia();
      return await navigator.mediaDevices.getUserMedia({ audio: typeof audio === 'function' ? audio() : audio });
    } catch (error) {
      throw new SwitchhookError('microphone', error.message || error.name);
    }
  }

  get iceServers() { return this.#options.iceServers ?? this.#session?.ice_servers ?? []; }

  /** Sends an action; resolves with the direct reply, rejects with the `error`. */
  [request](action, fields, call, within = REPLY_WITHIN) {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'online') {
        reject(new SwitchhookError('offline', 'There is no connection to the gateway.', action));
        return;
      }
      const id = `${++this.#serial}`;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        this.#starting.delete(id);
        reject(new SwitchhookError('timeout', 'The gateway did not reply.', action));
      }, within);
      this.#pending.set(id, { resolve, reject, timer, action });
      if (call) this.#starting.set(id, call);
      this.#socket.send(JSON.stringify({ action, request_id: id, ...fields }));
    });
  }

  /** Sends an action of a call for which no reply is awaited; while there is no connection, it waits for one. */
  [say](action, fields) {
    const message = { action, ...fields };
    if (this.#state === 'online') this.#socket.send(JSON.stringify(message));
    else this.#outbox.push(message);
  }

  [forget](call) {
    if (call.id !== undefined) this.#calls.delete(call.id);
  }

  // The socket

  async #open() {
    let token;
    try {
      token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    } catch {
      this.#retry();
      return;
    }
    if (this.#state !== 'connecting' && this.#state !== 'reconnecting') return;
    const url = new URL(this.#url);
    url.searchParams.set('token', token ?? '');
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket = socket;
    // A socket that neither opens nor fails is given up.
    const timer = setTimeout(() => this.#drop(socket), REPLY_WITHIN);
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      clearTimeout(timer);
      this.#take(parse(data));
    };
    socket.onclose = ({ code }) => {
      clearTimeout(timer);
      if (socket === this.#socket) this.#lost(code);
    };
  }

  /** Gives up a socket without waiting for its end. */
  #drop(socket) {
    if (socket !== this.#socket) return;
    socket.onclose = null;
    socket.close();
    this.#lost(1006);
  }

  #lost(code) {
    this.#socket = null;
    this.#isResuming = false;
    this.#failPending();
    if (this.#state === 'closed' || this.#state === 'refused') return;
    if (code === TOKEN_EXPIRED && typeof this.#token !== 'function') {
      this.#stop('refused');
      return;
    }
    for (const call of [...this.#starting.values()]) call[receive]({ type: 'lost' });
    this.#starting.clear();
    if (this.#calls.size > 0 && !this.#lostTimer) this.#lostTimer = setTimeout(() => this.#endLost(), GRACE);
    this.#become(this.#session ? 'reconnecting' : 'connecting');
    this.#retry();
  }

  #retry() {
    // Half of it is chance: a gateway that comes back is not met by everybody at once.
    const longest = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.#retries);
    this.#retries += 1;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open(), longest * (0.5 + Math.random() / 2));
    this.dispatchEvent(new CustomEvent('retry', { detail: { attempt: this.#retries } }));
  }

  #stop(state) {
    clearTimeout(this.#retryTimer);
    globalThis.removeEventListener?.('online', this.#wentOnline);
    globalThis.document?.removeEventListener('visibilitychange', this.#becameVisible);
    const socket = this.#socket;
    this.#socket = null;
    this.#session = null;
    this.#resumeToken = null;
    this.#become(state);
    this.#endLost();
    this.#failPending();
    socket?.close(1000);
  }

  #failPending() {
    for (const { reject, timer, action } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new SwitchhookError('offline', 'The connection to the gateway was lost.', action));
    }
    this.#pending.clear();
  }

  #endLost() {
    clearTimeout(this.#lostTimer);
    this.#lostTimer = 0;
    this.#outbox = [];
    for (const call of [...this.#calls.values()]) call[receive]({ type: 'lost' });
  }

  #become(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent('statechange', { detail: { state } }));
  }

  /** The network is another one: the socket may be dead, and so may be every path that media takes. */
  #wentOnline = () => {
    if (this.#state === 'online') this.#probe();
    else if (!this.#socket) this.#retryNow();
    for (const call of this.#calls.values()) call[networkChanged]();
  };

  /** A page that slept may have lost its socket and not know it. */
  #becameVisible = () => {
    if (document.visibilityState !== 'visible') return;
    if (this.#state === 'online') this.#probe();
    else if (this.#state === 'reconnecting' && !this.#socket) this.#retryNow();
  };

  #retryNow() {
    this.#retries = 0;
    clearTimeout(this.#retryTimer);
    this.#open();
  }

  /** Any reply proves that the socket lives, and an action that is not there changes nothing. */
  #probe() {
    const socket = this.#socket;
    const timer = setTimeout(() => this.#drop(socket), PROBE_WITHIN);
    this[request]('probe', {}).catch(() => {}).finally(() => clearTimeout(timer));
  }

  // Messages

  #take(message) {
    if (!message || typeof message.type !== 'string') return;
    if (message.type === 'session') {
      this.#takeSession(message);
      return;
    }
    if (message.request_id === 'resume') {
      // The calls of the lost socket are gone; this one serves as well as any.
      this.#isResuming = false;
      this.#online(false);
      return;
    }
    if (message.request_id !== undefined) this.#takeReply(message);
    switch (message.type) {
      case 'incoming_call':
        if (!this.#calls.has(message.call_id)) this.#ring(message);
        break;
      case 'message_received':
        this.dispatchEvent(
          new CustomEvent('message', { detail: { senderId: message.sender_id, text: message.text } })
        );
        break;
      case 'error':
        if (message.request_id === undefined) {
          const error = new SwitchhookError(message.code, message.message, message.action);
          this.dispatchEvent(new CustomEvent('error', { detail: { error } }));
        }
        break;
      default:
        this.#calls.get(message.call_id)?.[receive](message);
    }
  }

  #takeReply(message) {
    const id = `${message.request_id}`;
    const call = this.#starting.get(id);
    if (call && message.type === 'call_started') {
      // Before anything else of this call is read: the rest comes under its id.
      this.#calls.set(message.call_id, call);
      call[receive](message);
    }
    this.#starting.delete(id);
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (message.type === 'error') {
      pending.reject(new SwitchhookError(message.code, message.message, message.action));
    } else {
      pending.resolve(message);
    }
  }

  #ring(message) {
    const call = new Call(this, {
      direction: 'incoming',
      id: message.call_id,
      peerId: message.caller_id,
      peerName: message.caller_username,
      offer: message.offer,
    });
    this.#calls.set(message.call_id, call);
    this.dispatchEvent(new CustomEvent('incoming', { detail: { call } }));
  }

  #takeSession(session) {
    const wanted = this.#resumeToken;
    const isReply = this.#isResuming;
    this.#session = session;
    this.#resumeToken = session.resume_token ?? null;
    if (!isReply && wanted && this.#calls.size + this.#outbox.length > 0) {
      this.#isResuming = true;
      this.#socket.send(JSON.stringify({ action: 'resume_session', request_id: 'resume', resume_token: wanted }));
      return;
    }
    this.#isResuming = false;
    this.#online(isReply);
  }

  #online(isResumed) {
    this.#retries = 0;
    clearTimeout(this.#lostTimer);
    this.#lostTimer = 0;
    // The snapshot is the truth: what is missing from it ended meanwhile.
    const live = new Set(isResumed ? (this.#session.calls ?? []).map((call) => call.call_id) : []);
    const outbox = this.#outbox.filter((message) => live.has(message.call_id));
    this.#outbox = [];
    const before = [...this.#calls.values()];
    this.#become('online');
    this.dispatchEvent(new CustomEvent('session', { detail: { userId: this.userId } }));
    for (const message of outbox) this.#socket.send(JSON.stringify(message));
    for (const call of before) {
      if (live.has(call.id)) call[adopt]();
      else call[receive]({ type: 'lost' });
    }
  }
}

/** One call of this page, with its own peer connection. */
export class Call extends EventTarget {
  #client;
  #state = 'dialling';
  #pc = null;
  #microphone = null;
  #sender = null;
  #transceiver = null;
  #remoteStream = null;
  /** The caller's offer, until it is answered. */
  #offer;
  /** Our candidates, until the gateway has the description that they belong to; null once it has. */
  #candidates = [];
  /** The peer's candidates, until its description is there. */
  #remoteCandidates = [];
  /** What changes the descriptions happens one after the other. */
  #chain = Promise.resolve();
  #isAnswered = false;
  #wasConnected = false;
  #isPicking = false;
  #muted = false;
  #held = false;
  /** On hold by the other side: as the gateway says, or as its last offer does. */
  #heldByMessage = false;
  #heldByOffer = false;
  #restartTimer = 0;
  /** An exchange is due, and could not begin yet. */
  #wantsOffer = false;
  /** Our offer that the gateway has not taken yet, and when it was made. */
  #proposed = null;
  #offeredAt = 0;

  constructor(client, { direction, id, peerId, peerName, offer }) {
    super();
    this.#client = client;
    this.direction = direction;
    this.id = id;
    this.peerId = peerId;
    this.peerName = peerName ?? `${peerId}`;
    this.earlyMedia = false;
    this.reason = null;
    this.sipStatus = null;
    this.answeredAt = null;
    this.#offer = offer;
    if (direction === 'incoming') this.#state = 'ringing';
  }

  /** `dialling`, `ringing`, `connecting`, `active`, `reconnecting` or `ended`. */
  get state() { return this.#state; }
  get muted() { return this.#muted; }
  /** On hold by us. */
  get held() { return this.#held; }
  /** On hold by the other side. */
  get heldByPeer() { return this.#heldByMessage || this.#heldByOffer; }
  /** What the other side says: for an audio element, once there was a `media` event. */
  get remoteStream() { return this.#remoteStream; }
  get localStream() { return this.#microphone; }
  get peerConnection() { return this.#pc; }

  // Actions

  /** Takes an incoming call; rejects where the microphone can't be had, and then it rings on. */
  async answer() {
    if (this.direction !== 'incoming' || this.#state !== 'ringing' || this.#isPicking) return;
    this.#isPicking = true;
    let answer;
    try {
      if (!(await this[openPeer]())) return;
      if (this.#offer) answer = await this.#answerTo(this.#offer);
    } catch (error) {
      this.#isPicking = false;
      this.#closePeer();
      throw error;
    }
    if (this.#state !== 'ringing') return;
    this.#isAnswered = true;
    this.answeredAt = new Date();
    this.#become('connecting');
    this.#client[request]('answer_call', { call_id: this.id, ...(answer && { answer }) }).catch((error) => {
      if (error.code === 'offline') return;
      this.#end(error.code === 'already_answered' ? 'answered_elsewhere' : error.code);
    });
    if (answer) this.#sendCandidates();
    this.#update();
  }

  /** Refuses an incoming call, on every device of this user. */
  reject(reason = 'declined') {
    if (this.direction !== 'incoming' || this.#state !== 'ringing') return;
    this.#client[say]('reject_call', { call_id: this.id, reason });
    this.#end(reason);
  }

  /** Ends the call, whatever its state; an incoming one that rings is refused. */
  hangUp() {
    if (this.#state === 'ended') return;
    if (this.direction === 'incoming' && this.#state === 'ringing') {
      this.reject();
      return;
    }
    if (this.id !== undefined) this.#sayGoodbye();
    this.#end(this.#isAnswered ? 'hung_up' : 'cancelled');
  }

  /** Silences the microphone, or lets it be heard again. */
  mute(muted = true) {
    this.#muted = muted;
    this.#applyTracks();
    this.#changed();
  }

  /** Puts the call on hold: neither side hears the other. */
  async hold() { await this.#setHeld(true); }
  async resume() { await this.#setHeld(false); }

  /** Sends digits of the keypad (0-9, A-D, * and #): in the audio where that can be, else by message. */
  async sendDigits(digits, { duration = 100, gap = 70 } = {}) {
    if (!/^[0-9A-Da-d*#]+$/.test(digits)) throw new SwitchhookError('bad_message', 'Not digits of a keypad.', 'dtmf');
    const dtmf = this.#sender?.dtmf;
    if (dtmf?.canInsertDTMF) {
      dtmf.insertDTMF(dtmf.toneBuffer + digits, duration, gap);
      return;
    }
    const fields = { call_id: this.id, digits: digits.toUpperCase(), duration_ms: duration };
    await this.#client[request]('dtmf', fields);
  }

  /** Hands the other party over to `target`; done once somebody is there, and then the call ends. */
  async transfer(target) { await this.#transfer({ target }); }
  /** Joins the other party of this call with that of another call of ours, and both end. */
  async transferTo(call) { await this.#transfer({ with_call_id: call.id }); }

  async #transfer(to) {
    await this.#client[request]('transfer', { call_id: this.id, ...to }, undefined, TRANSFERRED_WITHIN);
  }

  /** Another microphone, or another track of any kind of sound. */
  async useMicrophone(stream) {
    const [track] = stream.getAudioTracks();
    if (!this.#sender || !track) return;
    await this.#sender.replaceTrack(track);
    this.#microphone?.getTracks().forEach((old) => old !== track && old.stop());
    this.#microphone = stream;
    this.#applyTracks();
  }

  /** Looks for a new path for the media. */
  restartICE() {
    if (!this.#isAnswered || !this.#pc || this.#state === 'ended') return;
    this.#sendOffer({ iceRestart: true });
  }

  /** How the call does now, as the browser measures it; what it does not know is null. */
  async quality() {
    const quality = { roundTrip: null, jitter: null, loss: null, level: null, codec: null };
    if (!this.#pc) return quality;
    const reports = await this.#pc.getStats();
    for (const report of reports.values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') {
        const expected = report.packetsReceived + report.packetsLost;
        quality.jitter = report.jitter ?? null;
        quality.loss = expected > 0 ? Math.max(0, report.packetsLost) / expected : null;
        quality.level = report.audioLevel ?? null;
        quality.codec = reports.get(report.codecId)?.mimeType.replace('audio/', '') ?? null;
      } else if (report.type === 'candidate-pair' && report.nominated && report.state === 'succeeded') {
        quality.roundTrip ??= report.currentRoundTripTime ?? null;
      } else if (report.type === 'remote-inbound-rtp' && report.roundTripTime > 0) {
        quality.roundTrip = report.roundTripTime;
      }
    }
    return quality;
  }

  // What comes in

  [begin]() {
    this.#start().catch((error) => this.#end(error.code ?? 'failed', null, error));
  }

  async #start() {
    if (!(await this[openPeer]())) return;
    // The offer goes along at once, so that ringback and announcements of the other side are heard.
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    if (this.#state === 'ended') return;
    await this.#client[request]('start_call', { callee_id: this.peerId, offer: this.#localDescription() }, this);
  }

  [receive](message) {
    if (this.#state === 'ended') {
      // It was cancelled before it had an id.
      if (message.type === 'call_started') {
        this.id = message.call_id;
        this.#sayGoodbye();
        this.#client[forget](this);
      }
      return;
    }
    switch (message.type) {
      case 'call_started':
        this.id = message.call_id;
        this.#sendCandidates();
        break;
      case 'call_ringing':
        this.earlyMedia = message.early_media === true;
        if (!this.#isAnswered) this.#become('ringing', true);
        break;
      case 'call_answered':
        this.#isAnswered = true;
        this.answeredAt ??= new Date();
        this.#update();
        break;
      case 'call_offer':
        this.#enqueue(() => this.#takeOffer(message.offer));
        break;
      case 'call_answer':
        this.#enqueue(() => this.#takeAnswer(message.answer));
        break;
      case 'ice_candidate':
        this.#enqueue(() => this.#takeCandidate(message.candidate));
        break;
      case 'call_held':
      case 'call_resumed':
        this.#heldByMessage = message.type === 'call_held';
        this.#changed();
        break;
      case 'call_transferred':
        this.peerId = message.peer_id;
        this.peerName = message.peer_username ?? `${message.peer_id}`;
        this.#changed();
        break;
      case 'dtmf_received':
        this.dispatchEvent(new CustomEvent('dtmf', { detail: { digits: message.digits } }));
        break;
      case 'call_quality':
        this.dispatchEvent(new CustomEvent('quality', { detail: message }));
        break;
      case 'call_hanged_up':
      case 'call_rejected':
      case 'call_failed':
      case 'call_cancelled':
        this.#end(message.reason ?? 'hung_up', message.sip_status ?? null);
        break;
      case 'lost':
        this.#end('connection_lost');
        break;
    }
  }

  /** The socket is a new one, and the call goes on. */
  [adopt]() {
    if (this.#wantsOffer || (this.#pc && this.#pc.connectionState !== 'connected')) this.restartICE();
  }

  [networkChanged]() {
    if (!this.#wasConnected) return;
    if (this.direction === 'outgoing') {
      this.restartICE();
      return;
    }
    // Where both networks are the same one, the caller's offer is enough.
    const before = ufragOf(this.#pc?.remoteDescription);
    setTimeout(() => {
      if (this.#pc && ufragOf(this.#pc.remoteDescription) === before) this.restartICE();
    }, CALLEE_WAITS);
  }

  // Descriptions

  /** The microphone and the peer connection; false where the call ended meanwhile. */
  async [openPeer]() {
    const microphone = await this.#client.openMicrophone();
    if (this.#state === 'ended') {
      microphone.getTracks().forEach((track) => track.stop());
      return false;
    }
    this.#microphone = microphone;
    const pc = new RTCPeerConnection({ iceServers: this.#client.iceServers, bundlePolicy: 'max-bundle' });
    this.#pc = pc;
    pc.onicecandidate = ({ candidate }) => this.#sendCandidate(candidate);
    pc.onconnectionstatechange = () => this.#connectionChanged();
    pc.oniceconnectionstatechange = () => this.#connectionChanged();
    pc.ontrack = ({ track }) => {
      this.#remoteStream = new MediaStream([track]);
      this.#applyTracks();
      this.dispatchEvent(new CustomEvent('media', { detail: { stream: this.#remoteStream } }));
    };
    const [track] = microphone.getAudioTracks();
    if (this.direction === 'outgoing') {
      this.#transceiver = pc.addTransceiver(track, { direction: 'sendrecv', streams: [microphone] });
      this.#sender = this.#transceiver.sender;
    } else {
      this.#sender = pc.addTrack(track, microphone);
    }
    this.#applyTracks();
    return true;
  }

  #localDescription() {
    const { type, sdp } = this.#pc.localDescription;
    return { type, sdp };
  }

  #enqueue(step) {
    this.#chain = this.#chain.then(async () => {
      if (!this.#pc || this.#state === 'ended') return;
      try {
        await step();
      } catch (error) {
        this.dispatchEvent(new CustomEvent('error', { detail: { error } }));
      }
    });
  }

  /** Takes an offer of the other side, in place of ours where the two crossed; gives the answer. */
  async #answerTo(offer) {
    const isCrossing = this.#proposed !== null;
    this.#proposed = null;
    const before = ufragOf(this.#pc.remoteDescription);
    await this.#pc.setRemoteDescription(offer);
    // Their restart is ours too.
    if (before && before !== ufragOf(offer)) this.#wantsOffer = false;
    else if (isCrossing) this.#wantsOffer = true;
    await this.#flushRemoteCandidates();
    await this.#pc.setLocalDescription(await this.#pc.createAnswer());
    this.#transceiver ??= this.#pc.getTransceivers().find(({ sender }) => sender === this.#sender) ?? null;
    this.#offer = undefined;
    this.#noteDirection(offer);
    return this.#localDescription();
  }

  async #takeOffer(offer) {
    if (this.direction === 'incoming' && !this.#isAnswered) {
      // It came late, or anew: it is answered with the call.
      this.#offer = offer;
      return;
    }
    const answer = await this.#answerTo(offer);
    this.#client[say]('answer', { call_id: this.id, answer });
    this.#sendCandidates();
    if (this.#wantsOffer) this.#sendOffer({ iceRestart: true });
  }

  /** Whether the other side would send nothing for us to hear, or nothing but music on hold. */
  #noteDirection({ sdp }) {
    const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(sdp)?.[1];
    // What answers a hold of ours says nothing of theirs.
    const isHeld = (direction === 'sendonly' || direction === 'inactive') && !this.#held;
    if (this.#heldByOffer === isHeld) return;
    this.#heldByOffer = isHeld;
    this.#changed();
  }

  async #takeAnswer(answer) {
    // It may come before the word that our offer was taken.
    await this.#commitOffer();
    if (this.#pc.signalingState !== 'have-local-offer') return;
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.#noteDirection(answer);
    await this.#flushRemoteCandidates();
    this.#update();
    if (this.#wantsOffer) this.#sendOffer({ iceRestart: true });
  }

  async #takeCandidate(candidate) {
    if (!this.#pc.remoteDescription) {
      this.#remoteCandidates.push(candidate);
      return;
    }
    // A candidate of an offer that was undone is nobody's.
    await this.#pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  async #flushRemoteCandidates() {
    const candidates = this.#remoteCandidates;
    this.#remoteCandidates = [];
    for (const candidate of candidates) await this.#takeCandidate(candidate);
  }

  #sendCandidate(candidate) {
    const fields = candidate ? candidate.toJSON() : null;
    if (this.#candidates) this.#candidates.push(fields);
    else this.#client[say]('ice_candidate', { call_id: this.id, candidate: fields });
  }

  /** The gateway has our description: its candidates may follow. */
  #sendCandidates() {
    const candidates = this.#candidates ?? [];
    this.#candidates = null;
    for (const candidate of candidates) {
      this.#client[say]('ice_candidate', { call_id: this.id, candidate });
    }
  }

  /**
   * Offers anew in mid-call; where another exchange is under way, once that is over.
   *
   * The offer is not set until the gateway has taken it, so one that crosses the other side's need not be undone:
   * after a rollback in mid-call Chromium has been found to play silence.
   */
  #sendOffer({ iceRestart = false } = {}) {
    this.#enqueue(async () => {
      const isStale = performance.now() - this.#offeredAt > RESTART_AGAIN_AFTER;
      const isFree = this.#pc.signalingState === 'stable' || (this.#pc.signalingState === 'have-local-offer' && isStale);
      if (!isFree || (this.#proposed && !isStale) || this.#client.state !== 'online') {
        this.#wantsOffer = true;
        return;
      }
      this.#wantsOffer = false;
      if (iceRestart) this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: this.#client.iceServers });
      const { type, sdp } = await this.#pc.createOffer({ iceRestart });
      this.#proposed = { type, sdp };
      this.#offeredAt = performance.now();
      // Not awaited: what comes meanwhile must find the chain free.
      this.#client[request]('offer', { call_id: this.id, offer: this.#proposed }).then(
        () => this.#enqueue(() => this.#commitOffer()),
        (error) => this.#offerRefused(error)
      );
    });
  }

  async #commitOffer() {
    const offer = this.#proposed;
    this.#proposed = null;
    if (offer) await this.#pc.setLocalDescription(offer);
  }

  /** The other side's offer was first, or no offer is possible now: ours is tried again, unless it is needless then. */
  #offerRefused(error) {
    // The other side's offer has done what ours was for.
    if (!this.#proposed) return;
    this.#proposed = null;
    if (!['offline', 'timeout', 'wrong_state'].includes(error.code)) return;
    this.#wantsOffer = true;
    if (error.code === 'offline') return;
    setTimeout(() => this.#wantsOffer && this.#sendOffer({ iceRestart: true }), 1_000 + Math.random() * 2_000);
  }

  // Hold

  async #setHeld(held) {
    if (!this.#isAnswered || this.#state === 'ended' || this.#held === held) return;
    this.#held = held;
    this.#applyTracks();
    this.#changed();
    try {
      await this.#client[request](held ? 'hold' : 'resume', { call_id: this.id });
    } catch (error) {
      if (['unknown_action', 'wrong_state'].includes(error.code) && this.#transceiver) {
        // Media that passes through the gateway: we say it in a description of our own.
        this.#transceiver.direction = held ? 'sendonly' : 'sendrecv';
        this.#sendOffer();
        return;
      }
      this.#held = !held;
      this.#applyTracks();
      this.#changed();
      throw error;
    }
  }

  #applyTracks() {
    this.#microphone?.getAudioTracks().forEach((track) => { track.enabled = !this.#muted && !this.#held; });
    this.#remoteStream?.getAudioTracks().forEach((track) => { track.enabled = !this.#held; });
  }

  // State

  #connectionChanged() {
    const pc = this.#pc;
    if (!pc || this.#state === 'ended') return;
    clearTimeout(this.#restartTimer);
    if (pc.connectionState === 'connected') {
      this.#wasConnected = true;
    } else if (pc.iceConnectionState === 'failed') {
      this.#keepRestarting(this.direction === 'outgoing' ? 0 : RESTART_AFTER.incoming - RESTART_AFTER.outgoing);
    } else if (pc.iceConnectionState === 'disconnected') {
      this.#keepRestarting(RESTART_AFTER[this.direction]);
    }
    this.#update();
  }

  /** Tries until media is there, or the call is over. */
  #keepRestarting(delay) {
    this.#restartTimer = setTimeout(() => {
      if (this.#pc?.connectionState === 'connected') return;
      this.restartICE();
      this.#keepRestarting(RESTART_AGAIN_AFTER);
    }, delay);
  }

  #update() {
    if (!this.#isAnswered || this.#state === 'ended') return;
    const isConnected = this.#pc?.connectionState === 'connected';
    this.#become(isConnected ? 'active' : this.#wasConnected ? 'reconnecting' : 'connecting');
  }

  #become(state, evenIfSame = false) {
    if (this.#state === state && !evenIfSame) return;
    this.#state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent('statechange', { detail: { state: this.#state } }));
  }

  #sayGoodbye() {
    const isCancelled = this.direction === 'outgoing' && !this.#isAnswered;
    this.#client[say](isCancelled ? 'cancel_call' : 'hang_up', { call_id: this.id });
  }

  #closePeer() {
    clearTimeout(this.#restartTimer);
    this.#microphone?.getTracks().forEach((track) => track.stop());
    const pc = this.#pc;
    this.#pc = null;
    this.#sender = null;
    this.#transceiver = null;
    this.#microphone = null;
    if (!pc) return;
    pc.onicecandidate = pc.onconnectionstatechange = pc.oniceconnectionstatechange = pc.ontrack = null;
    pc.close();
  }

  #end(reason, sipStatus = null, error = null) {
    if (this.#state === 'ended') return;
    this.reason = reason;
    this.sipStatus = sipStatus;
    this.#closePeer();
    this.#become('ended');
    this.dispatchEvent(new CustomEvent('ended', { detail: { reason, sipStatus, error } }));
    this.#client[forget](this);
  }
}

function ufragOf(description) { return /^a=ice-ufrag:(\S+)/m.exec(description?.sdp ?? '')?.[1]; }

/** JSON whose integers beyond 2^53 stay what they are, as strings: such an id still names its user. */
function parse(text) {
  try {
    return JSON.parse(text, (_key, value, context) =>
      Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source ? context.source : value
    );
  } catch {
    return null;
  }
}
