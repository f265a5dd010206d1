// Types of switchhook.js.

/** A user's id, a phone's extension, a number or a SIP or tel URI. */
export type PartyId = string | number;

export type ErrorCode =
  | 'bad_json' | 'bad_message' | 'unknown_action' | 'message_too_big' | 'unknown_call' | 'ambiguous_call'
  | 'not_your_call' | 'already_answered' | 'wrong_state' | 'forbidden' | 'rate_limited' | 'limit_reached'
  | 'transfer_failed' | 'internal'
  /** Of the page itself: there is no connection, no reply came, the microphone can't be had. */
  | 'offline' | 'timeout' | 'microphone';

/** Why a call is over. */
export type Reason =
  | 'busy' | 'declined' | 'not_found' | 'unavailable' | 'timeout' | 'forbidden' | 'media' | 'route_down' | 'failed'
  | 'cancelled' | 'answered_elsewhere' | 'declined_elsewhere' | 'hung_up' | 'connection_lost' | 'session_expired'
  | 'media_timeout' | 'time_limit' | 'transferred' | 'overloaded' | 'shutting_down'
  /** The call could not even be asked for. */
  | ErrorCode;

export class SwitchhookError extends Error {
  readonly code: ErrorCode;
  /** The action that was not accepted. */
  readonly action?: string;
}

export interface ClientOptions {
  /** The gateway's WebSocket without its query; default: `ws/call/` beside the page. */
  url?: string | URL;
  /** The access token, or what fetches a fresh one before each connection. */
  token: string | (() => string | Promise<string>);
  /** Constraints of the microphone, or what gives them when a call begins; default `true`. */
  audio?: boolean | MediaTrackConstraints | (() => boolean | MediaTrackConstraints);
  /** Audio of the app's own in place of the microphone; a call stops its tracks when it ends. */
  getMedia?: () => Promise<MediaStream>;
  /** In place of the servers that the gateway tells. */
  iceServers?: RTCIceServer[];
}

export type ClientState = 'closed' | 'connecting' | 'online' | 'reconnecting' | 'refused';

export interface ClientEventMap {
  statechange: CustomEvent<{ state: ClientState }>;
  /** Connected: the gateway knows this page. */
  session: CustomEvent<{ userId: PartyId }>;
  /** The connection failed or was lost; it is tried again. */
  retry: CustomEvent<{ attempt: number }>;
  incoming: CustomEvent<{ call: Call }>;
  message: CustomEvent<{ senderId: PartyId; text: string }>;
  /** The gateway did not accept a message for which nobody awaited a reply. */
  error: CustomEvent<{ error: SwitchhookError }>;
}

/** One connection of one user to the gateway, made anew whenever it is lost. */
export class SwitchhookClient extends EventTarget {
  constructor(options: ClientOptions);
  readonly state: ClientState;
  readonly userId: PartyId | undefined;
  /** The live calls of this page, oldest first. */
  readonly calls: Call[];
  /** Another token, for the next connection. */
  set token(token: ClientOptions['token']);
  /** Connects, and stays connected until `close()`. */
  connect(): void;
  /** Ends every call, and the connection. */
  close(): void;
  /** Starts a call; follow its events. */
  call(calleeId: PartyId): Call;
  /** Rejects with a `SwitchhookError`. */
  sendMessage(peerId: PartyId, text: string): Promise<void>;
  addEventListener<Name extends keyof ClientEventMap>(
    type: Name,
    listener: (event: ClientEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/**
 * - `dialling`: on its way; `ringing`: at the other side, or here;
 * - `connecting`: answered, media is being set up; `active`: both sides hear each other;
 * - `reconnecting`: media is away, and a new path is looked for; `ended`.
 */
export type CallState = 'dialling' | 'ringing' | 'connecting' | 'active' | 'reconnecting' | 'ended';

/** How the media between the gateway and one side has fared since the last report. */
export interface LegQuality {
  /** Of a thousand packets that the side sent, how many never came. */
  loss_per_mille: number;
  /** Of those that were sent to it, where it has told. */
  peer_loss_per_mille?: number;
  jitter_ms: number;
  round_trip_ms?: number;
  /** Nothing has come from it for some seconds, although it ought to send. */
  silent: boolean;
}

/** What the gateway knows of a call's quality (`call_quality`), as it came. */
export interface GatewayQuality {
  type: 'call_quality';
  call_id: string;
  /** Between this page and the gateway. */
  own?: LegQuality;
  /** Between the gateway and the other side. */
  other?: LegQuality;
}

/** What the browser measures; null where it does not know. */
export interface CallQuality {
  /** Seconds. */
  roundTrip: number | null;
  /** Seconds. */
  jitter: number | null;
  /** Share of the packets that did not arrive, 0 to 1, since the call began. */
  loss: number | null;
  /** Of what is heard, 0 to 1. */
  level: number | null;
  codec: string | null;
}

export interface CallEventMap {
  /** Anything that shows has changed: `state`, `muted`, `held`, `heldByPeer`, `peerName`. */
  statechange: CustomEvent<{ state: CallState }>;
  /** There is something to hear: put the stream into an audio element. */
  media: CustomEvent<{ stream: MediaStream }>;
  /** The other side pressed keys. */
  dtmf: CustomEvent<{ digits: string }>;
  quality: CustomEvent<GatewayQuality>;
  /** Something of the media did not work; the call goes on. */
  error: CustomEvent<{ error: Error }>;
  ended: CustomEvent<{ reason: Reason; sipStatus: number | null; error: Error | null }>;
}

/** One call of this page, with its own peer connection. Made by the client alone. */
export class Call extends EventTarget {
  private constructor();
  readonly direction: 'incoming' | 'outgoing';
  /** Not yet there while it is `dialling`. */
  readonly id: string | undefined;
  readonly peerId: PartyId;
  readonly peerName: string;
  readonly state: CallState;
  /** Ringback or an announcement of the other side can be heard. */
  readonly earlyMedia: boolean;
  readonly muted: boolean;
  readonly held: boolean;
  readonly heldByPeer: boolean;
  readonly answeredAt: Date | null;
  readonly reason: Reason | null;
  readonly sipStatus: number | null;
  readonly remoteStream: MediaStream | null;
  readonly localStream: MediaStream | null;
  readonly peerConnection: RTCPeerConnection | null;
  /** Rejects where the microphone can't be had; then it rings on. */
  answer(): Promise<void>;
  reject(reason?: 'busy' | 'declined' | 'unavailable' | 'timeout'): void;
  hangUp(): void;
  mute(muted?: boolean): void;
  hold(): Promise<void>;
  resume(): Promise<void>;
  /** `duration` and `gap` in milliseconds. */
  sendDigits(digits: string, options?: { duration?: number; gap?: number }): Promise<void>;
  /** Hands the other party over; resolves once somebody is there, rejects where nobody came, and then the call goes on. */
  transfer(target: PartyId): Promise<void>;
  /** Joins the other party with that of another call; both calls end. */
  transferTo(call: Call): Promise<void>;
  useMicrophone(stream: MediaStream): Promise<void>;
  restartICE(): void;
  quality(): Promise<CallQuality>;
  addEventListener<Name extends keyof CallEventMap>(
    type: Name,
    listener: (event: CallEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
