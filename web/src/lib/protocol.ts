// The shapes that cross the wire. Types only: this file has no code and no opinion, so that it can be generated.

export type Status = 'new' | 'open' | 'pending' | 'escalated' | 'resolved' | 'closed';
export type Ownership = 'queued' | 'offered' | 'assigned' | 'detached';
export type ChannelKind = 'whatsapp' | 'email' | 'sms' | 'chat' | 'voice' | 'private_social' | 'public_social';
export type AgentState = 'available' | 'unavailable' | 'offline';
export type MessageState =
  | 'queued' | 'sending' | 'unknown' | 'accepted' | 'sent' | 'failed' | 'delivered' | 'read' | 'played' | 'received';
export type MessageKind =
  | 'text' | 'image' | 'audio' | 'video' | 'document' | 'sticker' | 'location' | 'contacts' | 'choice' | 'form'
  | 'order' | 'template' | 'system' | 'unsupported';
export type RefusalKind =
  | 'not_found' | 'not_assigned' | 'wrong_status' | 'window_closed' | 'template_required' | 'template_invalid'
  | 'not_permitted' | 'no_capacity' | 'offer_gone' | 'held_by_other' | 'address_needed' | 'skill_needed'
  | 'outcome_needed' | 'invalid' | 'too_large' | 'unsupported' | 'already_done' | 'unavailable' | 'rate_limited';

/** A value that the server may leave out or send as null. */
export type Maybe<T> = T | null | undefined;

export interface Contact {
  contact_id: string;
  name?: Maybe<string>;
  language?: Maybe<string>;
  address?: Maybe<string>;
  vip?: boolean;
  blocked?: boolean;
}

export interface Timer {
  started_at: string;
  yellow_at: string;
  red_at: string;
  /** How often it was extended. */
  extended?: number;
  state: 'running' | 'yellow' | 'red';
}

export interface Timers {
  agent?: Maybe<Timer>;
  customer?: Maybe<Timer>;
  offer_expires_at?: Maybe<string>;
  ends_at?: Maybe<string>;
}

export interface Capabilities {
  window: boolean;
  templates: boolean;
  media: boolean;
  reactions: boolean;
  typing: boolean;
  text_max: number;
}

export interface Draft {
  text: string;
  media?: Maybe<string[]>;
}

export interface Interaction {
  interaction_id: string;
  channel_id: string;
  kind: ChannelKind;
  /** Null once erased. */
  contact?: Maybe<Contact>;
  status: Status;
  ownership: Ownership;
  agent_id?: Maybe<string>;
  last_agent_id?: Maybe<string>;
  consulted?: Maybe<string[]>;
  skill?: Maybe<string>;
  previous_id?: Maybe<string>;
  outbound?: boolean;
  language?: Maybe<string>;
  window_ends_at?: Maybe<string>;
  timers?: Maybe<Timers>;
  unread?: Maybe<number>;
  last_line?: Maybe<string>;
  last_message_at?: Maybe<string>;
  last_message_state?: Maybe<MessageState>;
  disposition?: Maybe<string>;
  tags?: Maybe<string[]>;
  created_at: string;
  assigned_at?: Maybe<string>;
  ended_at?: Maybe<string>;
  revision: number;
  draft?: Maybe<Draft>;
  capabilities?: Maybe<Capabilities>;
}

export interface Author {
  type: 'contact' | 'agent' | 'system' | 'elsewhere';
  agent_id?: Maybe<string>;
}

export interface Media {
  media_id: string;
  mime: string;
  filename?: Maybe<string>;
  caption?: Maybe<string>;
  size?: Maybe<number>;
  voice?: boolean;
  state?: 'pending' | 'stored' | 'failed';
}

export interface Reaction {
  author: Author;
  emoji: string;
}

export interface MessageError {
  code?: Maybe<number>;
  /** A key that clients translate. */
  reason?: Maybe<string>;
  details?: Maybe<string>;
}

export interface SentTemplate {
  name: string;
  language: string;
  parameters: Record<string, string>;
  header?: { text?: string; media_id?: string };
  buttons?: Record<string, string>;
}

export interface Message {
  message_id: string;
  interaction_id: string;
  direction: 'in' | 'out';
  author: Author;
  kind: MessageKind;
  text?: Maybe<string>;
  media?: Maybe<Media[]>;
  data?: Maybe<Record<string, unknown>>;
  template?: Maybe<SentTemplate>;
  reply_to?: Maybe<string>;
  forwarded?: boolean;
  edited?: boolean;
  deleted?: boolean;
  reactions?: Maybe<Reaction[]>;
  state: MessageState;
  error?: Maybe<MessageError>;
  sent_at?: Maybe<string>;
  created_at: string;
}

export interface Agent {
  agent_id: string;
  login: string;
  name: string;
  role: string;
  state: AgentState;
  reason?: Maybe<string>;
  state_since?: Maybe<string>;
  skills?: Maybe<{ skill: string; level: number }[]>;
  teams?: Maybe<string[]>;
  load?: Maybe<number>;
}

export interface Queue {
  skill: string;
  title?: Maybe<string>;
  waiting: number;
  longest_since?: Maybe<string>;
  available_agents?: Maybe<number>;
}

export interface Note {
  note_id: string;
  interaction_id: string;
  message_id?: Maybe<string>;
  agent_id?: Maybe<string>;
  text: string;
  created_at: string;
}

export interface Channel {
  channel_id: string;
  kind: ChannelKind;
}

/** A code with the words for it; a server may send the code alone. */
export type Choice = string | { [field: string]: unknown };

export interface Skill {
  skill: string;
  title?: Maybe<string>;
  dispositions?: Maybe<Choice[]>;
  disposition_required?: boolean;
  /** How long an offer waits for an answer. */
  offer_seconds?: Maybe<number>;
}

export interface Notice {
  level: 'info' | 'warning' | 'alarm';
  code: string;
  message: string;
  time?: Maybe<string>;
}

export interface Snapshot {
  interactions: Interaction[];
  agents?: Maybe<Agent[]>;
  queues?: Maybe<Queue[]>;
  channels?: Maybe<Channel[]>;
  skills?: Maybe<Skill[]>;
  reasons?: Maybe<Choice[]>;
  notices?: Maybe<Notice[]>;
}

export interface SessionStarted {
  agent: Agent;
  permissions?: Maybe<string[]>;
  resumed?: Maybe<boolean>;
  reason?: Maybe<string>;
  from?: Maybe<string>;
  to?: Maybe<string>;
  cursor?: Maybe<string>;
  snapshot?: Maybe<Snapshot>;
}

export interface TemplateHeader {
  format: string;
  text?: Maybe<string>;
  parameters?: Maybe<Choice[]>;
}

export interface TemplateButton {
  kind: string;
  text: string;
  url?: Maybe<string>;
  needs_value?: boolean;
}

export interface Template {
  name: string;
  language: string;
  category?: Maybe<string>;
  status: string;
  parameter_format?: Maybe<string>;
  header?: Maybe<TemplateHeader>;
  body: string;
  parameters?: Maybe<Choice[]>;
  footer?: Maybe<string>;
  buttons?: Maybe<TemplateButton[]>;
}

export interface QuickReply {
  quick_reply_id: string;
  title: string;
  text: string;
  shortcut?: Maybe<string>;
}

export interface ScriptError {
  file?: Maybe<string>;
  line?: Maybe<number>;
  column?: Maybe<number>;
  message: string;
}

export interface Scripts {
  generation: number | string;
  state: 'live' | 'refused';
  since?: Maybe<string>;
  scripts?: Maybe<{ name: string; hash: string }[]>;
  errors?: Maybe<ScriptError[]>;
}

export interface Uploaded {
  media_id: string;
  mime: string;
  size: number;
  filename?: Maybe<string>;
}

/** What the console can ask: the method's name, its parameters and its result. */
export interface Methods {
  'session.start': { params: { cursor?: string; locale?: string }; result: SessionStarted };
  'agent.set_state': { params: { state: 'available' | 'unavailable'; reason?: string }; result: { agent: Agent } };
  'inbox.list': { params: object; result: { interactions: Interaction[] } };
  'interaction.get': { params: { interaction_id: string }; result: { interaction: Interaction; notes?: Maybe<Note[]> } };
  'interaction.history': {
    params: { interaction_id: string; before?: string; limit?: number };
    result: { messages: Message[]; more: boolean };
  };
  'interaction.accept': { params: { interaction_id: string }; result: { interaction: Interaction } };
  'interaction.refuse': { params: { interaction_id: string }; result: { interaction?: Maybe<Interaction> } };
  'interaction.close': { params: { interaction_id: string }; result: { interaction?: Maybe<Interaction> } };
  'interaction.set_outcome': {
    params: { interaction_id: string; status: Status; disposition?: string; notes?: string; tags?: string[] };
    result: { interaction: Interaction };
  };
  'interaction.why': { params: { interaction_id: string }; result: { sentence?: Maybe<string> } };
  'message.send': {
    params: {
      interaction_id: string;
      text?: string;
      media?: { media_id: string; caption?: string }[];
      template?: SentTemplate;
      reply_to?: string;
    };
    result: { message: Message; messages?: Message[] };
  };
  'message.retry': { params: { interaction_id: string; message_id: string }; result: { message: Message } };
  'message.react': {
    params: { interaction_id: string; message_id: string; emoji: string };
    result: { message?: Maybe<Message> };
  };
  'message.mark_read': { params: { interaction_id: string }; result: { interaction?: Maybe<Interaction> } };
  'message.typing': { params: { interaction_id: string }; result: object };
  'draft.save': { params: { interaction_id: string; text: string; media?: string[] }; result: object };
  'template.list': { params: { channel_id: string }; result: { templates: Template[] } };
  'quick_reply.list': { params: { search?: string }; result: { quick_replies: QuickReply[] } };
  'admin.scripts.get': { params: object; result: Scripts };
  'admin.scripts.reload': { params: object; result: Maybe<Partial<Scripts>> };
}
export type Method = keyof Methods;

interface EventBase {
  cursor?: Maybe<string>;
  time?: Maybe<string>;
  interaction_id?: Maybe<string>;
}
type InteractionVerb =
  | 'created' | 'queued' | 'offered' | 'assigned' | 'detached' | 'status_changed' | 'outcome_set' | 'transferred'
  | 'converted' | 'closed' | 'read' | 'consult_started' | 'consult_ended';

export type Event = EventBase &
  (
    | { type: `interaction.${InteractionVerb}` | 'tag.changed'; interaction?: Maybe<Interaction>; messages?: Maybe<Message[]> }
    | { type: 'interaction.offer_ended'; reason?: Maybe<string>; interaction?: Maybe<Interaction> }
    | { type: 'interaction.window_changed'; state: 'open' | 'closing' | 'closed'; interaction?: Maybe<Interaction> }
    | { type: 'message.added' | 'message.changed'; message?: Maybe<Message>; interaction?: Maybe<Interaction> }
    | { type: 'message.reaction'; message_id: string; reactions: Reaction[]; interaction?: Maybe<Interaction> }
    | { type: 'note.added'; note?: Maybe<Note>; interaction?: Maybe<Interaction> }
    | { type: 'timer.changed'; interaction?: Maybe<Interaction> }
    | { type: 'typing'; agent_id?: Maybe<string>; contact?: boolean }
    | { type: 'draft.changed'; draft?: Maybe<Draft> }
    | { type: 'agent.changed'; agent?: Maybe<Agent> }
    | { type: 'queue.changed'; queue: Queue }
    | ({ type: 'policy.changed'; script?: Maybe<string> } & Omit<Scripts, 'scripts' | 'since'>)
    | ({ type: 'notice' } & Notice)
  );

export interface Hello {
  protocol: number;
  heartbeat_seconds: number;
  max_frame_bytes: number;
  time: string;
}

export interface RpcError {
  code: number;
  message: string;
  data?: { kind?: RefusalKind; [field: string]: unknown } | null;
}
