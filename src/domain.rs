//! The nouns of a contact centre: ids, channels, statuses, contacts, interactions, messages, agents.
//!
//! Everything above uses these types and their one text spelling (`Display`/`FromStr`), which is the same on the
//! wire, in SQL, in Lua and in logs. This room knows no clock, no randomness, no I/O and no other room.

mod address;
mod agent;
mod card;
mod channel;
mod choice;
mod contact;
mod conversion;
mod email;
mod find;
mod id;
mod interaction;
mod link;
mod mask;
mod message;
mod role;
mod status;
mod stem;
mod template;
mod text;
mod time;
mod timer;
mod transcript;
mod translation;

pub use address::{AddressKind, readable_address};
pub use agent::{Agent, AgentState, Capacity, Skill, SkillLevel, Team, Watching};
pub use card::{CardField, CardSection, SectionState};
pub use channel::{Abilities, Channel, ChannelKind, ChoiceAbilities};
pub use choice::{Choice, Survey};
pub use contact::{Alias, AliasKind, Contact, Merged};
pub use conversion::Conversions;
pub use email::{NotOneAddress, one_address};
pub use find::{Book, found_by, query_words, words_of, words_of_alias};
pub use id::{
    AgentId, ChannelId, ContactId, DecisionId, IdentityId, InteractionId, MediaId, MessageId, NoteId, RoleId,
    SkillId, TeamId, TranscriptId, UnknownId,
};
pub use interaction::{Draft, DraftMode, Interaction, Note, Target, To, Transfer, Waiting};
pub use link::{links, without_links};
pub use mask::Masked;
pub use message::{Author, DeliveryError, Direction, Media, MediaState, Message, MessageKind, Reaction};
pub use role::{Permission, Role};
pub(crate) use status::words;
pub use status::{DeliveryState, Ownership, Status, UnknownWord};
pub use stem::{SearchWord, search_words, stems};
pub use template::{
    HeaderFormat, ParameterFormat, Template, TemplateButton, TemplateError, TemplateValues, check_template,
    render_template,
};
pub use text::{clean_text, fold};
pub use time::{BadDuration, Span, Time};
pub use timer::{Kept, KeptPlan, Place, PutBack, Timer, TimerPlan, TimerRule, Timers, ZeroAction};
pub use transcript::{Seen, SeenPart, Transcript, TranscriptState};
pub use translation::{Translating, Translation, TranslationState};
