/** Guichet in a frame of your page: what `embed.js` puts at `guichet`. */
declare namespace guichet {
  type Kind = 'whatsapp' | 'email' | 'sms' | 'chat' | 'voice' | 'private_social' | 'public_social';
  interface Contact { contact_id: string; name: string; address: string }
  interface Interaction { interaction_id: string; kind: Kind; status: string; skill: string | null; contact: Contact | null }

  /** What the desk tells. Never what was written. */
  interface Topics {
    /** The handshake is done. */
    welcome: { version: 1 };
    'agent.state': { state: 'available' | 'unavailable' | 'offline'; reason: string | null };
    'interaction.offered': Interaction;
    'interaction.accepted': Interaction;
    'interaction.updated': Interaction;
    'interaction.closed': Interaction;
    /** Another conversation is on the screen: show its customer. */
    screenpop: { interaction_id: string; kind: Kind; contact: Contact | null };
    /** A wish was not granted. */
    refused: { topic: string; reason: string };
  }

  interface Desk {
    /** Hears a topic; the answer ends it. */
    on<T extends keyof Topics>(topic: T, tell: (data: Topics[T]) => void): () => void;
    open(interaction_id: string): void;
    /** Adds to what is being written in the open conversation. Nothing is sent. */
    insert(text: string): void;
    setState(state: 'available' | 'unavailable', reason?: string): void;
    /** Opens the dialog that begins an interaction. */
    newOutbound(): void;
    focus(): void;
    /** Stops listening. */
    close(): void;
  }

  /** `origin` is that of the frame's address unless told otherwise; nothing is heard from another one. */
  function connect(frame: HTMLIFrameElement, options?: { origin?: string }): Desk;
}
